"""The function of the verb; its row is in ``rows/resume.py``."""

from executions.verbs.deciding.control import resume as act

__all__ = ["act"]
