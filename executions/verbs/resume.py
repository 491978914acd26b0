"""What the verb does; its row is in ``rows/resume.py``."""

from executions.verbs.deciding.control import resume as act

__all__ = ["act"]
