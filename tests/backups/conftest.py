"""Installations that stand still: a data folder with a database, and a person who types
commands.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backups.places import Place
from tests.services import postgres_server, postgres_tools


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as the first `stigmer migrate` leaves it."""
    home = tmp_path_factory.mktemp("empty") / "home"
    said = Place(home)("migrate")
    assert said.code == 0, said
    return home


@pytest.fixture
def place(empty_home: Path, tmp_path: Path) -> Place:
    """An installation on SQLite, in a folder whose name has every character that means
    something.
    """
    home = tmp_path / "dàta #1 ?%41 'q'"
    shutil.copytree(empty_home, home)
    return Place(home)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL whose role ``app`` owns the database ``stigmer``, migrated; its address."""
    import psycopg

    # As root the server runs as somebody else, who cannot look into pytest's own folders.
    with (
        tempfile.TemporaryDirectory(prefix="stigmer-") as folder,
        postgres_server(Path(folder) / "p") as address,
    ):
        host = address.rpartition("host=")[2]
        with psycopg.connect(address, autocommit=True) as server:
            server.execute("CREATE ROLE app LOGIN CREATEDB PASSWORD 'se cret'")
            server.execute("CREATE DATABASE stigmer OWNER app")
        yield f"postgresql://app:se%20cret@/stigmer?host={host}"


@pytest.fixture
def place_on_postgres(postgres: str, tmp_path: Path) -> Place:
    path = os.pathsep.join([str(postgres_tools()), os.environ["PATH"]])
    place = Place(tmp_path / "home", {"DATABASE_URL": postgres, "PATH": path})
    assert place("migrate").code == 0
    return place
