"""A Ctrl-C is heard wherever it comes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

import pytest

from executions.cli.interrupts import heard_for_sure


def test_one_that_python_drops_in_a_callback_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", dropped.append)

    class Drops:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), heard_for_sure():
        Drops()
        threading.Event().wait(60)
    assert [type(each.exc_value) for each in dropped] == [KeyboardInterrupt]


def test_afterwards_all_is_as_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)]
    with heard_for_sure():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)] == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
