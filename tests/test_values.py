"""JSON values: what can be kept, and its one canonical form."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.errors import NotStorable, WorkflowError
from executions.values import MAX_DEPTH, canonical, clean_error, clean_text, digest, dumps, storable

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def nested(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (float("nan"), "NaN"),
        ([float("-inf")], "infinity"),
        ("a\x00b", "NUL"),
        ({"a\x00": 1}, "NUL"),
        ("\ud800", "surrogate"),
        ({"\udfff": 1}, "surrogate"),
        ({1: 2}, "key must be text"),
        (b"x", "bytes"),
        ({1, 2}, "set"),
        (nested(MAX_DEPTH + 1), "deeper than"),
        ("x" * 100, "at most 50 are allowed"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_reason(value, why):
    with pytest.raises(NotStorable, match=why):
        storable(value, limit_bytes=50)


@given(JSON)
def test_what_is_kept_comes_back_with_the_same_digest(value):
    try:
        text = storable(value, limit_bytes=1 << 20)
    except NotStorable:
        return
    back = json.loads(text)
    assert back == value
    assert digest("", back) == digest("", value)


@given(JSON)
def test_the_order_of_keys_changes_no_digest_but_is_kept(value):
    if isinstance(value, dict):
        turned = dict(reversed(value.items()))
        assert canonical(turned) == canonical(value)
        assert list(json.loads(dumps(turned))) == list(turned)


def test_integers_keep_their_value_whatever_their_size():
    assert json.loads(storable(2**80 + 1, limit_bytes=100)) == 2**80 + 1


def test_a_digest_covers_the_one_before_it():
    assert digest("a", 1) != digest("b", 1) != digest("b", 2)


@given(st.text(alphabet=st.characters(), max_size=50))
def test_a_cleaned_text_can_be_kept(text):
    storable(clean_text(text + "\x00\ud800"), limit_bytes=10_000)


def test_a_cleaned_error_keeps_what_it_can():
    error = WorkflowError("https://example.org/x", 400, "T\x00", "d\ud800" + "x" * 30_000, "/do")
    cleaned = clean_error(error)
    assert (cleaned.type, cleaned.status, cleaned.title, cleaned.instance) == (
        "https://example.org/x",
        400,
        "T",
        "/do",
    )
    assert cleaned.detail.startswith("d?x")
    assert len(cleaned.detail) <= 20_000
