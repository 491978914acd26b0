"""Threads change places often while somebody computes beside those who drive, and only then."""

from __future__ import annotations

import sys

import pytest

from executions.worker.sharing import SECONDS, Sharing


def test_it_lasts_as_long_as_one_is_inside_and_ends_by_an_error_too() -> None:
    usual, sharing = sys.getswitchinterval(), Sharing()
    with sharing:
        with sharing:
            assert sys.getswitchinterval() == pytest.approx(SECONDS)
        assert sys.getswitchinterval() == pytest.approx(SECONDS)
    assert sys.getswitchinterval() == pytest.approx(usual)
    with pytest.raises(ValueError), sharing:
        raise ValueError
    assert sys.getswitchinterval() == pytest.approx(usual)
