"""JSON, YAML and tables."""
