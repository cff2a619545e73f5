"""The engine: a causal model of the transformers library run over a tree of cached tokens."""
