from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from executions.supervisor import preflight
from executions.supervisor.preflight import CannotStart


def test_a_port_in_use_is_one_line_that_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "PORT_PATIENCE_SECONDS", 0.0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            CannotStart, match=rf"^Port {port} on 127.0.0.1 is in use.*STIGMER_PORT\.$"
        ):
            preflight.check_port("127.0.0.1", port, "STIGMER_PORT")


def test_a_free_port_passes() -> None:
    preflight.check_port("127.0.0.1", 0, "STIGMER_PORT")


def test_an_address_of_another_machine_is_one_line() -> None:
    with pytest.raises(CannotStart, match=r"^Cannot listen on 192\.0\.2\.1:8000"):
        preflight.check_port("192.0.2.1", 8000, "STIGMER_PORT")


def test_a_data_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(CannotStart, match=r"cannot be written .*STIGMER_HOME\.$"),
        preflight.owned_home(tmp_path / "file"),
    ):
        pass


def test_a_data_folder_has_one_owner_at_a_time(tmp_path: Path) -> None:
    refused = pytest.raises(CannotStart, match=r"^Another Stigmer is running on the data folder")
    with preflight.owned_home(tmp_path), refused, preflight.owned_home(tmp_path):
        pass
    with preflight.owned_home(tmp_path):
        pass


def test_an_owner_that_was_killed_owns_nothing(tmp_path: Path) -> None:
    source = (
        "import sys, time; from pathlib import Path; from executions.supervisor.preflight import"
        " owned_home\nwith owned_home(Path(sys.argv[1])): print('mine', flush=True); time.sleep(60)"
    )
    root = Path(preflight.__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", source, str(tmp_path)], stdout=subprocess.PIPE, cwd=root
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"mine\n"
        owner.kill()
    with preflight.owned_home(tmp_path):
        pass


@pytest.mark.database
@pytest.mark.django_db
def test_a_database_newer_than_the_code_is_one_line() -> None:
    preflight.check_migrations_known()
    MigrationRecorder(connection).record_applied("executions", "9999_from_the_future")
    with pytest.raises(
        CannotStart, match=r"newer than this code \(it has executions\.9999_from_the_future\)"
    ):
        preflight.check_migrations_known()


@pytest.mark.django_db
def test_migrations_of_applications_that_are_not_installed_are_none_of_our_business() -> None:
    MigrationRecorder(connection).record_applied("someone_elses", "0001_initial")
    preflight.check_migrations_known()
