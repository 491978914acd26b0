"""The function of the verb; its row is in ``rows/break_off.py``."""

from executions.verbs.deciding.stalled import break_off as act

__all__ = ["act"]
