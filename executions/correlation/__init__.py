"""CloudEvents as JSON, and which of them a listener waits for. Knows no database."""
