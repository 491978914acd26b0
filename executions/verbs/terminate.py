"""What the verb does; its row is in ``rows/terminate.py``."""

from executions.engine.control import terminate as act

__all__ = ["act"]
