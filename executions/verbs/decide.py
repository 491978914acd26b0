"""What the verb does; its row is in ``rows/decide.py``."""

from executions.verbs.deciding.decisions import decide as act

__all__ = ["act"]
