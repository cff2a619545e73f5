"""HTML, and EPUB, which is a book of it."""
