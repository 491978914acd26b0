"""A worker process: takes bells while a slot is free and drives executions in threads.

Nothing here decides anything about an execution; it only calls ``engine.driver.advance``.
"""

from executions.worker import fork_server
from executions.worker.main import main

__all__ = ["fork_server", "main"]
