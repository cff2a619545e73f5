"""Runs: settings, the identity of a run, the translator, documents and repositories of them."""
