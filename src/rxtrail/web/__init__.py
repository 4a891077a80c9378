"""The web: the HTTP API and the pages; the only async floor."""
