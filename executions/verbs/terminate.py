"""The function of the verb; its row is in ``rows/terminate.py``."""

from executions.verbs.deciding.control import terminate as act

__all__ = ["act"]
