"""The function of the verb; its row is in ``rows/decide.py``."""

from executions.verbs.deciding.decisions import decide as act

__all__ = ["act"]
