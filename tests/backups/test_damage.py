"""A damaged database on a running installation."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.backups.places import Place
from tests.live import free_ports
from tests.waiting import START_SECONDS, until


@pytest.mark.processes
def test_readiness_and_doctor_say_that_the_file_is_damaged_and_what_to_do(place: Place) -> None:
    (root,) = place.ask("SELECT rootpage FROM sqlite_master WHERE name = 'executions_savedview'")[0]
    with place.database.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(bytes(4096))
    (port,) = free_ports(1)
    place.more |= {"STIGMER_PORT": str(port)}
    said = place("doctor")
    assert said.code == 1
    assert "The database file is damaged:" in said.out
    assert "stigmer restore FILE" in said.out
    with place.start("web"):
        seen = until(lambda: readiness(port), what="the web server answers", seconds=START_SECONDS)
        database = next(check for check in seen["checks"] if check["name"] == "database")
        assert (seen["status"], database["ok"]) == ("not ready", False)
        assert database["detail"].startswith("The database file is damaged:")
        assert "stigmer restore FILE" in database["remedy"]


def readiness(port: int) -> dict[str, Any]:
    """What /readyz answers; nothing where nobody does."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/readyz", timeout=60) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))
    except OSError:
        return {}
