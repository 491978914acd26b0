"""The function of the verb; its row is in ``rows/fork.py``."""

from executions.verbs.deciding.fork import fork as act

__all__ = ["act"]
