"""How values are written in a language, where it differs from Django's own rows."""
