"""Runs that need a person, grouped by cause: counted, marked, assigned, put off for a while."""
