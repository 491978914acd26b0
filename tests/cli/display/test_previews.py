from __future__ import annotations

from typing import Any

import pytest

from executions.cli.display.previews import lines_of
from executions.verbs.rows import VERBS

CHARGE = {
    "path": "/charge",
    "name": "charge",
    "kind": "call",
    "status": "SUCCEEDED",
    "effect": "idempotent",
}
FITS = {
    "seq": 9,
    "present": 1,
    "version": 2,
    "kept": 1,
    "fits": True,
    "misfits": [],
    "runs_again": [],
    "broken": "",
    "last_good_seq": None,
    "is_new_operation": False,
}


def lines(verb: str, preview: dict[str, Any]) -> list[str]:
    row = VERBS[verb].preview
    assert row is not None
    return lines_of(row, "wex-1", preview)


def restore(**more: Any) -> dict[str, Any]:
    return {
        "checkpoint_seq": 5,
        "checkpoint_path": "/pay",
        "kept": 2,
        "runs_again": [],
        "broken": "",
        **more,
    }


def test_a_restore_names_what_may_happen_once_more() -> None:
    said = lines("restore", restore(runs_again=[CHARGE | {"may_repeat": True}]))
    assert said[0] == "wex-1  to checkpoint 5, pay: 2 finished steps stay, 1 step runs again."
    assert said[-1] == "What charge did to the world may happen once more, each as a new operation."


def test_a_restore_that_repeats_nothing_says_so_and_a_broken_journal_is_said_too() -> None:
    said = lines(
        "restore", restore(checkpoint_seq=0, kept=1, broken="a step is missing", last_good_seq=None)
    )
    assert said == [
        "wex-1  to the beginning: 1 finished step stays, 0 steps run again.",
        "The journal is not whole: a step is missing. The last good checkpoint is the beginning.",
        "No effect outside is repeated.",
    ]


@pytest.mark.parametrize(
    ("goes_on", "said"),
    [
        ({"how": "runs", "name": "ship"}, "It goes on by running ship."),
        ({"how": "waits", "name": "nap"}, "It goes on by waiting at nap."),
        (
            {"how": "completes", "name": ""},
            "Nothing more has to run outside: it completes at once.",
        ),
        (
            {"how": "fails", "name": "pay", "reason": "no\nfunds"},
            "It would fail again at once at pay: no funds",
        ),
        (
            {"how": "fails", "name": "", "reason": "bad input"},
            "It would fail again at once: bad input",
        ),
    ],
)
def test_a_version_that_fits_says_how_it_goes_on(goes_on: dict[str, str], said: str) -> None:
    (line,) = lines("recover", FITS | {"goes_on": goes_on})
    assert line == f"wex-1  onto version 2 (now 1): it fits; 1 finished step stays. {said}"


def test_misfits_are_listed_and_nothing_of_them_steers_the_terminal() -> None:
    misfits = [{"path": "/a\x1b[2J", "why": "gone"}]
    said = lines("recover", FITS | {"goes_on": None, "fits": False, "misfits": misfits})
    assert said[0].endswith("it does not fit, so nothing would be done. No place in it have:")
    assert said[1] == "  a\N{REPLACEMENT CHARACTER}[2J: gone"


def test_a_broken_journal_is_gone_on_from_with_no_version() -> None:
    said = lines(
        "recover", FITS | {"goes_on": None, "fits": False, "broken": "a gap", "last_good_seq": 4}
    )
    assert said[1] == "The journal is not whole: a gap. The last good checkpoint is 4."


def test_another_call_is_a_new_operation() -> None:
    said = lines(
        "recover", FITS | {"goes_on": {"how": "runs", "name": "b"}, "is_new_operation": True}
    )
    assert "new idempotency key" in said[1]


def test_a_fork_and_another_result_say_where_it_goes_on() -> None:
    shown = {"kept": 2, "next_step": "/ship", "runs_again": [CHARGE | {"may_repeat": True}]}
    repeated = "What charge did to the world may happen once more, each as a new operation."
    fork = {**shown, "checkpoint_seq": 5, "checkpoint_path": "/pay"}
    assert lines("fork", fork) == [
        "wex-1  from checkpoint 5, pay: a new run begins with 2 finished steps, goes on at ship,"
        " 1 step runs again there.",
        repeated,
    ]
    assert lines("amend", {**shown, "step_name": "pay"}) == [
        "wex-1  another result of pay, goes on at ship: 2 finished steps stay beside it, 1 step"
        " runs again.",
        repeated,
    ]


def test_taking_a_restore_back_names_what_stands_again_and_what_stays_done() -> None:
    again = CHARGE | {"may_repeat": True}
    assert lines(
        "undo restore", {"kept": 1, "comes_back": [again], "set_aside": [again, again]}
    ) == [
        "wex-1  takes the restore back: 1 step stands again, 2 steps that ran since are set aside,"
        " 1 finished step stays.",
        "Stands again: charge.",
        "Set aside: charge, charge.",
        "What charge, charge did to the world stays done.",
    ]
