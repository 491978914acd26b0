"""What the verb does; its row is in ``rows/cancel.py``."""

from executions.engine.control import cancel as act

__all__ = ["act"]
