"""One rule in each module, beside the page that explains it."""
