"""Language models: loading, running as a token tree, and the files they come from."""
