"""Pages: each asks a query or calls one verb, and renders."""
