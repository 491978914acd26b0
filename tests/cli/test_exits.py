"""What the command ends with."""

from __future__ import annotations

import re

import pytest

from executions.cli.exits import CommandError, ExitCode, code_of
from executions.errors import Refused, StigmerError
from tests.live import ROOT


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("wrong_phase", ExitCode.REFUSED),
        ("stale", ExitCode.REFUSED),
        ("conflict", ExitCode.REFUSED),
        ("not_skippable", ExitCode.REFUSED),
        ("forbidden", ExitCode.FORBIDDEN),
        ("unavailable", ExitCode.UNAVAILABLE),
        ("invalid", ExitCode.USAGE),
        ("corrupt", ExitCode.FAILED),
    ],
)
def test_a_refusal_ends_with_the_code_of_its_kind(code: str, expected: ExitCode) -> None:
    assert code_of(Refused(code, "No.")) == expected


def test_any_other_error_is_a_plain_failure() -> None:
    assert code_of(StigmerError()) == ExitCode.FAILED
    assert code_of(CommandError("No.", code=ExitCode.NOT_FOUND)) == ExitCode.NOT_FOUND


def test_every_exit_code_is_documented() -> None:
    documented = re.findall(r"^\| `(\d+)` \|", (ROOT / "docs" / "cli.md").read_text(), re.MULTILINE)
    assert [int(code) for code in documented] == [code.value for code in ExitCode]
