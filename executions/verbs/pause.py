"""The function of the verb; its row is in ``rows/pause.py``."""

from executions.verbs.deciding.control import pause as act

__all__ = ["act"]
