"""What the verb does; its row is in ``rows/skip.py``."""

from executions.verbs.deciding.decisions import skip as act

__all__ = ["act"]
