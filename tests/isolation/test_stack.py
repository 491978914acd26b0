"""The stack of a child that runs a call: files, lines and names, and the call goes on."""

from __future__ import annotations

import threading
from pathlib import Path

from executions.isolation import ChildCancelled, ChildPool, stack
from executions.isolation.seat import Seat
from tests.waiting import until


def test_a_child_that_never_comes_back_says_where_it_is_again_and_again(tmp_path: Path) -> None:
    pool, path, ended = ChildPool("tests.isolation.foreign:answer"), tmp_path / "pid", []
    seat = pool.seat(wait=_Ever())
    assert isinstance(seat, Seat) and seat.pid is not None

    def hang() -> None:
        try:
            seat.run("hang", str(path), deadline=_Ever())
        except ChildCancelled as cancelled:
            ended.append(cancelled)

    thread = threading.Thread(target=hang)
    thread.start()
    try:
        until(lambda: path.exists() and path.read_text(), what="the call runs")
        for _ in range(2):
            [newest, *_] = until(lambda: stack.read(seat.pid or 0), what="it says where it is")
            assert [(frame.file, frame.function) for frame in newest] == [
                ("tests/isolation/foreign.py", "_hang"),
                ("tests/isolation/foreign.py", "answer"),
            ]
            assert newest[0].line > 1 and not ended
    finally:
        seat.cancel()
        thread.join()
        seat.release()
        pool.close()
    assert len(ended) == 1


class _Ever:
    """A deadline that is far away."""

    def remaining(self) -> float:
        return 300.0


def test_who_is_no_more_or_is_no_child_of_ours_is_not_signalled() -> None:
    assert stack.read(2**22 + 1) == []
    assert stack.read(1) == []


def test_a_file_is_named_below_the_folder_of_its_module_and_the_rest_is_not_told() -> None:
    assert stack.shown_file("/nowhere/secret/module.py") == "module.py"
    assert stack.shown_file(threading.__file__) == "threading.py"
    assert stack.parsed("Fatal: no frames\nanything else") == []
