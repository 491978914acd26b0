"""The function of the verb; its row is in ``rows/retry_now.py``."""

from executions.verbs.deciding.hurrying import retry_now as act

__all__ = ["act"]
