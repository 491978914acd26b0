"""What the verb does; its row is in ``rows/terminate.py``."""

from executions.verbs.deciding.control import terminate as act

__all__ = ["act"]
