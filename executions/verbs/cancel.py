"""The function of the verb; its row is in ``rows/cancel.py``."""

from executions.verbs.deciding.control import cancel as act

__all__ = ["act"]
