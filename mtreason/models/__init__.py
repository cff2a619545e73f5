"""Language models: the protocol, and the backends that implement it."""
