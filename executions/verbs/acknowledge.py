"""The function of the verb; its row is in ``rows/acknowledge.py``."""

from executions.verbs.deciding.acknowledging import acknowledge as act

__all__ = ["act"]
