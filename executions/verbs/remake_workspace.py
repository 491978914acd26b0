"""The function of the verb; its row is in ``rows/remake_workspace.py``."""

from executions.verbs.deciding.remaking import remake_workspace as act

__all__ = ["act"]
