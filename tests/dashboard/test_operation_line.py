"""What the page says of the operation that a call is."""

from __future__ import annotations

from dashboard.templatetags.journal import operation_line
from executions.models import Step


def line(kind: str = "call", **control: object) -> str:
    return operation_line(Step(kind=kind, path="/a", control=control))


def test_it_says_the_key_and_how_it_stands_to_the_try_before() -> None:
    assert line() == ""
    assert line("set", key="k") == ""
    assert line(key="wex-1/a~1") == "idempotency key wex-1/a~1"
    unknown = {"path": "/t/try@1/a", "outcome": "unknown", "input": "/t/try@1/a"}
    assert "nobody knows what became of it" in line(key="k", earlier=unknown)
    others = {"path": "/t/try@1/a", "outcome": "failed", "arguments": "others"}
    assert "a new operation: the try before failed" in line(key="k", earlier=others)
    same = {"path": "/t/try@1/a", "outcome": "failed"}
    assert line(key="k", earlier=same) == "idempotency key k (that of the try before)"


def test_a_damaged_row_is_shown_all_the_same() -> None:
    assert operation_line(Step(kind="call", path="/a", control=[1])) == ""
    assert line(key="k", earlier="?") == "idempotency key k"
