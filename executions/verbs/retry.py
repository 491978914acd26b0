"""The function of the verb; its row is in ``rows/retry.py``."""

from executions.verbs.deciding.decisions import retry as act

__all__ = ["act"]
