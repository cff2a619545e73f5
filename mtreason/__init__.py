"""Machine translation that searches while it decodes."""

__version__ = "0.1.0"
