"""The function of the verb; its row is in ``rows/undo_restore.py``."""

from executions.verbs.deciding.restore import undo_restore as act

__all__ = ["act"]
