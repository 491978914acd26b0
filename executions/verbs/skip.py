"""The function of the verb; its row is in ``rows/skip.py``."""

from executions.verbs.deciding.decisions import skip as act

__all__ = ["act"]
