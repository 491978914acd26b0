"""What the verb does; its row is in ``rows/acknowledge.py``."""

from executions.verbs.deciding.acknowledging import acknowledge as act

__all__ = ["act"]
