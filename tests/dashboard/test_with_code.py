"""Sentences of errors on pages: what stands between backticks is code, and nothing else is more
than text.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils.safestring import SafeString

from dashboard.templatetags.shell import with_code
from tests.live import ROOT

TEMPLATES = ROOT / "templates"


@pytest.mark.parametrize(
    ("sentence", "shown"),
    {
        "Use `stigmer worker`.": "Use <code>stigmer worker</code>.",
        "`a` and `b`": "<code>a</code> and <code>b</code>",
        "one ` alone": "one ` alone",
        "two `` beside": "two `` beside",
        "a < b": "a &lt; b",
        "`<script>alert(1)</script>`": "<code>&lt;script&gt;alert(1)&lt;/script&gt;</code>",
        '"><img src=x onerror=`x`>': "&quot;&gt;&lt;img src=x onerror=<code>x</code>&gt;",
        "</code>`</code><b>`{{ 7 }}": ("&lt;/code&gt;<code>&lt;/code&gt;&lt;b&gt;</code>{{ 7 }}"),
        "": "",
    }.items(),
)
def test_backticks_become_code_and_the_rest_stays_text(sentence: str, shown: str) -> None:
    assert with_code(sentence) == shown
    page = Template("{% load shell %}{{ sentence|with_code }}")
    assert page.render(Context({"sentence": sentence})) == shown


def test_what_is_html_already_and_nothing_at_all_stay_as_they_are() -> None:
    assert with_code(SafeString("<b>`x`</b>")) == "<b>`x`</b>"
    assert with_code(None) == ""


def test_every_page_shows_remedies_and_refusals_through_it() -> None:
    raw = re.compile(r"\{\{ [a-z_.]*\b(?:remedy|refusal\.message|refused\.message) \}\}")
    found = [
        f"{path.relative_to(TEMPLATES)}: {each}"
        for path in sorted(Path(TEMPLATES).rglob("*.html"))
        for each in raw.findall(path.read_text())
    ]
    assert not found
