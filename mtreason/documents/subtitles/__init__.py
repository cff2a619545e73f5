"""SRT, WebVTT and ASS."""
