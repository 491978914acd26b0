"""The project's settings as the tests run with them: a data folder of their own, real services, no
second-hand state.

``STIGMER_TEST_DATABASE`` chooses ``sqlite`` (the default) or ``postgres``.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

TEST_DATABASE = os.environ.get("STIGMER_TEST_DATABASE", "sqlite")
if TEST_DATABASE not in ("sqlite", "postgres"):
    raise ValueError(
        f"STIGMER_TEST_DATABASE is {TEST_DATABASE!r}; it may be 'sqlite' or 'postgres'."
    )


def _remove(folder: str, owner: int) -> None:
    """Not in a process that a test forked: it inherits what is to be done at the end."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


if "STIGMER_TEST_FOLDER" not in os.environ:
    # Workers of pytest-xdist inherit the variable, so that only the first process makes and removes
    # the folder.
    os.environ["STIGMER_TEST_FOLDER"] = tempfile.mkdtemp(prefix="stigmer-test-")
    atexit.register(_remove, os.environ["STIGMER_TEST_FOLDER"], os.getpid())
TEST_FOLDER = Path(os.environ["STIGMER_TEST_FOLDER"])
for name in [
    name
    for name in os.environ
    if name.startswith("STIGMER_") and not name.startswith("STIGMER_TEST_")
]:
    del os.environ[name]
os.environ["STIGMER_HOME"] = str(TEST_FOLDER / "home")
# One server, but a database for each of xdist's processes: a worker of one must not take the bells
# of another.
_number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1
os.environ["REDIS_URL"] = f"unix://{TEST_FOLDER / 'redis.sock'}?db={_number}"
os.environ["DATABASE_URL"] = (
    f"postgresql://postgres@/stigmer?host={TEST_FOLDER / 'postgres'}"
    if TEST_DATABASE == "postgres"
    else ""
)

from stigmer_site.settings import *  # noqa: E402, F403
from stigmer_site.settings import DATABASES  # noqa: E402

# Tests read what threads and processes wrote, so that SQLite has to be a file in tests too.
_name = "stigmer_test" if TEST_DATABASE == "postgres" else str(TEST_FOLDER / "test.sqlite3")
DATABASES["default"]["TEST"] = {"NAME": _name}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STIGMER_DEMO = False
# What one test signed off must not be looked for by another.
STIGMER_AUDIT_HEADS_FILE = TEST_FOLDER / f"audit-heads-{_number}.jsonl"
