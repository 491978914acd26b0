"""What the verb does; its row is in ``rows/skip.py``."""

from executions.engine.decisions import skip as act

__all__ = ["act"]
