from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings as django_settings

from executions.health.exposure import exposures

KEY = "0123456789abcdefghijklmnopqrstuvwxyz" * 2


@pytest.fixture
def closed(settings: Any, tmp_path: Path) -> Path:
    """An installation that nobody else gets into; its data folder."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "secret-key").write_text(KEY)
    settings.STIGMER_HOME = home
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEY, [KEY[::-1]]
    return home


def found() -> list[tuple[str | None, str]]:
    return [(message.id, str(message.hint)) for message in exposures()]


def test_nothing_is_said_where_nothing_stands_open(closed: Path) -> None:
    assert exposures() == []


@pytest.mark.parametrize("key", ["short", "x" * 64, "abcd" * 16, KEY[:49]])
def test_a_key_that_can_be_guessed_is_refused_also_an_earlier_one(
    settings: Any, closed: Path, key: str
) -> None:
    settings.SECRET_KEY = key
    assert [id for id, _ in found()] == ["stigmer.E022"]
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEY, [key]
    assert [id for id, _ in found()] == ["stigmer.E022"]


@pytest.mark.parametrize("mode", [0o755, 0o701, 0o777, 0o704, 0o750, 0o710, 0o740, 0o770, 0o720])
def test_a_data_folder_that_others_or_its_group_can_enter_or_read_is_refused(
    closed: Path, mode: int
) -> None:
    closed.chmod(mode)
    (closed / "secret-key").chmod(0o600)
    assert found() == [("stigmer.E023", f"Run `chmod 700 '{closed}'`.")]


def test_it_is_said_to_whom_it_is_open(closed: Path) -> None:
    closed.chmod(0o750)
    assert str(exposures()[0].msg) == f"The data folder {closed} is open to its group."
    closed.chmod(0o751)
    assert (
        str(exposures()[0].msg)
        == f"The data folder {closed} is open to every user of this machine."
    )


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604])
def test_a_file_that_others_can_read_is_refused_where_they_can_reach_it(
    closed: Path, mode: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "stigmer.sqlite3"
        database.touch()
        database.chmod(mode)
        with patch.dict(
            django_settings.DATABASES["default"],
            {"NAME": database, "ENGINE": "stigmer_site.sqlite"},
        ):
            assert found() == []
            Path(folder).chmod(0o755)
            assert found() == [("stigmer.E023", f"Run `chmod 600 '{database}'`.")]
            database.chmod(0o600)
            assert found() == []
            beside = Path(f"{database}-wal")
            beside.touch()
            beside.chmod(mode)
            assert found() == [("stigmer.E023", f"Run `chmod 600 '{beside}'`.")]


def test_a_data_folder_that_is_not_there_yet_is_none_of_it(settings: Any, closed: Path) -> None:
    settings.STIGMER_HOME = closed / "nowhere"
    assert exposures() == []
