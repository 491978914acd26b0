"""Rows hold no secret, and the data that flows on is what it was."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executions.secrets import Seal, Secrets, shown, shown_text
from executions.values import dumps

NONCE = "Zm9vYmFyYmF6"
RUN = b"run-1"
VALUES = {
    "api": "hunter2-x/y",
    "db": {"user": "admin", "password": 'pä"ss\\wörd!'},
    "card": "4111111111111111",
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    [
        "hunter2-x/y",
        "x hunter2-x/y y",
        "\ue000",
        "\ue000api|abc\ue001",
        "admin",
        base64.b64encode(b"u:hunter2-x/y").decode(),
    ]
)
JSON = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none() | st.just(4111111111111111),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)


def secrets(run: bytes = RUN, keys: tuple[str, ...] = ("key-1",)) -> Secrets:
    return Secrets(VALUES, NONCE, seal=Seal(keys, run))


def row(value: Any, one: Secrets) -> str:
    return one.sealed(value, dumps(value))


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_whatever_is_kept_comes_back_as_it_was(value: Any) -> None:
    text = row(value, secrets())
    assert secrets().opened(json.loads(text)) == value
    for form in (
        "hunter2-x/y",
        base64.b64encode(b"hunter2-x/y").decode().rstrip("="),
        "4111111111111111",
    ):
        assert form not in text
    assert row(value, secrets()) == text, "the digest over a row has to stay what it was"


def test_what_is_common_stays_in_the_row() -> None:
    value = {"role": "admin", "amount": 1202400}
    assert row(value, secrets()) == dumps(value)


def test_people_see_a_label_where_a_secret_is_kept_out() -> None:
    value = {
        "echo": "Bearer hunter2-x/y",
        "n": [4111111111111111],
        "mark": "\ue000",
        "forged": "\ue000api|AAAA\ue001",
    }
    text = row(value, secrets())
    seen = {
        "echo": "Bearer [secret api]",
        "n": ["[secret card]"],
        "mark": "\ue000",
        "forged": "\ue000api|AAAA\ue001",
    }
    assert shown(json.loads(text)) == seen
    assert json.loads(shown_text(text)) == seen


def test_a_text_that_is_cut_shows_no_more() -> None:
    text = row("Bearer hunter2-x/y", secrets())
    assert shown_text(text[: len(text) - 8]) == '"Bearer [secret api]'


def test_a_piece_opens_in_its_own_run_only() -> None:
    text = json.loads(row("hunter2-x/y", secrets()))
    assert secrets(b"run-2").opened(text) == text


def test_a_copied_piece_that_comes_as_data_is_data() -> None:
    copied = json.loads(row({"x": "hunter2-x/y"}, secrets()))["x"]
    text = row({"answer": copied}, secrets())
    assert secrets().opened(json.loads(text)) == {"answer": copied}


def test_a_secret_that_changed_meanwhile_does_not_change_what_came_before() -> None:
    text = row("was hunter2-x/y", secrets())
    later = Secrets({"api": "another-value-9"}, NONCE, seal=Seal(["key-1"], RUN))
    assert later.opened(json.loads(text)) == "was hunter2-x/y"
    assert later.sealed("was hunter2-x/y", dumps("was hunter2-x/y")) == text
    assert later.redact("hunter2-x/y") == "[secret api]"


def test_keys_may_change_while_the_earlier_ones_are_kept() -> None:
    text = row("hunter2-x/y", secrets())
    renewed = secrets(keys=("key-2", "key-1"))
    assert renewed.opened(json.loads(text)) == "hunter2-x/y"
    assert row("hunter2-x/y", renewed) == text
    lost = secrets(keys=("key-2",))
    assert shown(lost.opened(json.loads(text))) == "[secret api]"


@pytest.mark.parametrize("name", ["a b", 'q"uote', "pipe|", "ü"])
def test_any_name_is_shown_as_it_is(name: str) -> None:
    one = Secrets({name: "hunter2-x/y"}, NONCE, seal=Seal(["key-1"], RUN))
    assert shown(json.loads(row("hunter2-x/y", one))) == f"[secret {name}]"
