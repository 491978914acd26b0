"""Backups of the database: one file each, made while everything runs, restored while nothing does.

A backup of SQLite is an SQLite file, one of PostgreSQL an archive of pg_dump: either can be read
without Stigmer. The contents are read from the tables themselves, so a copy that other tools made
can be restored as well.
"""

from executions.backups.contents import Contents
from executions.backups.errors import BackupError
from executions.backups.making import Made, back_up
from executions.backups.restoring import Restored, restore
from executions.backups.seal import Seal

__all__ = ["BackupError", "Contents", "Made", "Restored", "Seal", "back_up", "restore"]
