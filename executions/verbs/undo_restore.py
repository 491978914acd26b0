"""What the verb does; its row is in ``rows/undo_restore.py``."""

from executions.verbs.deciding.restore import undo_restore as act

__all__ = ["act"]
