"""A worker process: takes bells while a slot is free and drives executions in threads.

Nothing here decides anything about an execution; it only calls ``engine.driver.advance``.
"""

from executions.worker.main import main
from executions.worker.solo import main_alone

__all__ = ["main", "main_alone"]
