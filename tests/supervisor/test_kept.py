"""The log that is kept beside the data: bounded, private, and followed across its change of file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from executions.supervisor import kept
from executions.supervisor.kept import Kept, coming, newest, path_in
from executions.supervisor.output import Output


def written(home: Path, *events: str, process: str = "web") -> None:
    log = Kept(home)
    output = Output(io.StringIO(), kept=log)
    for event in events:
        output.say(process, json.dumps({"event": event, "timestamp": "2026-11-29T10:00:00+00:00"}))
    log.close()


def test_the_last_lines_are_read_of_all_or_of_one_process(tmp_path: Path) -> None:
    written(tmp_path, "one", "100 % of two")
    written(tmp_path, "three", process="worker-2")
    assert [each["event"] for each in newest(tmp_path, 2)] == ["100 % of two", "three"]
    assert [each["event"] for each in newest(tmp_path, 9, "worker")] == ["three"]
    assert newest(tmp_path, 9, "work") == [] and newest(tmp_path, 0) == []


def test_it_is_bounded_and_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_BYTES", 2_000)
    written(tmp_path, *(f"event {number}" for number in range(200)))
    path = path_in(tmp_path)
    files = list(path.parent.iterdir())
    assert sum(each.stat().st_size for each in files) <= 4_000
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    # Its newest lines go on across the change of files.
    last = [each["event"] for each in newest(tmp_path, 15)]
    assert last == [f"event {number}" for number in range(185, 200)]


def test_what_comes_is_read_once_though_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_BYTES", 2_000)
    monkeypatch.setattr(kept, "LOOK_SECONDS", 0.0)
    written(tmp_path, "before")
    comes = coming(tmp_path)
    assert next(comes) is None
    seen: list[str] = []
    for start in range(0, 60, 10):
        wanted = [f"event {number}" for number in range(start, start + 10)]
        written(tmp_path, *wanted)
        while (each := next(comes)) is not None:
            seen.append(each["event"])
    comes.close()
    assert seen == [f"event {number}" for number in range(60)]


def test_a_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    written(tmp_path, "one")
    with path_in(tmp_path).open("a") as file:
        file.write('{"event": "half\n')
    written(tmp_path, "two")
    assert [each["event"] for each in newest(tmp_path, 9)] == ["one", "two"]


def test_a_full_disk_stops_nothing(tmp_path: Path) -> None:
    log = Kept(tmp_path)
    output = Output(stream := io.StringIO(), kept=log)
    path_in(tmp_path).symlink_to("/dev/full")
    for _ in range(3):
        output.say("web", "a line")
    log.close()
    assert stream.getvalue().count("a line") == 3
