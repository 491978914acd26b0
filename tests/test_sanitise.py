"""A failure's reason is one short line of plain text, whatever the other side sent."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.sanitise import sanitise_reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("two\n\n  lines\t here ", "two lines here"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07x", "red x"),
        ("a\x00b\x07c\x9b31md", "abcd"),
        ("\u202eevil\u202c\u2066x\u2069\u200b", "evilx"),
        ("<b>bold</b> <script>alert(1)</script>", "bold alert(1)"),
        ("<scr<b>ipt>x", "x"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("cut <img src=x onerror=", "cut"),
        ("<!-- note -->x<?php ?>", "x"),
        ("", ""),
    ],
)
def test_only_plain_text_is_left(text: str, expected: str) -> None:
    assert sanitise_reason(text) == expected


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert sanitise_reason("x" * 501) == "x" * 499 + "…"
    assert sanitise_reason("x" * 500) == "x" * 500
    assert sanitise_reason("abc", limit=2) == "a…"


@given(
    st.text(st.characters(), max_size=200)
    | st.text(st.sampled_from("<>/!ab \x1b[m\u202e\n"), max_size=60)
)
def test_nothing_unwanted_survives(text: str) -> None:
    clean = sanitise_reason(text)
    assert len(clean) <= 500
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Cs") for one in clean)
    assert re.search(r"<[A-Za-z/!?][^<>]*>", clean) is None
    assert "  " not in clean
    assert sanitise_reason(clean) == clean
