"""Model files: which there are, where they lie, and how they become what the engine loads."""
