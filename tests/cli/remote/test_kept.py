"""What ``login`` keeps."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from executions.cli.exits import CommandError
from executions.cli.remote import kept
from executions.cli.remote.kept import Kept

ONE = Kept("http://localhost:8000", "stg_secret", "demo", "key-1")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def test_it_is_read_back_as_it_was_kept() -> None:
    assert kept.load() is None
    kept.save(ONE)
    assert kept.load() == ONE


def test_only_its_owner_can_read_it_even_where_the_file_was_open_before(home: Path) -> None:
    file = home / "stigmer" / "config.json"
    file.parent.mkdir()
    file.write_text("{}")
    file.chmod(0o644)
    assert kept.save(ONE) == file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["config.json"]


def test_forgetting_twice_is_no_error() -> None:
    kept.save(ONE)
    kept.forget()
    kept.forget()
    assert kept.load() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"server": 1, "unknown": 2}'])
def test_a_file_that_cannot_be_used_is_named_with_what_to_do(text: str, home: Path) -> None:
    file = kept.save(ONE)
    file.write_text(text)
    with pytest.raises(
        CommandError, match=r"config\.json cannot be read .* Remove it and run `stigmer login`"
    ):
        kept.load()


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(home: Path) -> None:
    (home / "stigmer").write_text("a file where the folder should be")
    with pytest.raises(CommandError, match="cannot be written"):
        kept.save(ONE)
