"""What the verb does; its row is in ``rows/retry.py``."""

from executions.verbs.deciding.decisions import retry as act

__all__ = ["act"]
