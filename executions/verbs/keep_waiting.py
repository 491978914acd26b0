"""The function of the verb; its row is in ``rows/keep_waiting.py``."""

from executions.verbs.deciding.stalled import keep_waiting as act

__all__ = ["act"]
