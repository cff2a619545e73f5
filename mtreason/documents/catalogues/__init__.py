"""PO and XLIFF: catalogues that hold source and target side by side."""
