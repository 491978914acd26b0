"""What a model writes is shown through a list of what is allowed."""

from __future__ import annotations

import pytest

from dashboard.markdown import MOST_CHARACTERS, rendered


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=https://evil.example/?q=1 onerror=alert(1)>",
        "![x](https://evil.example/beacon.png)",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        '<a href="https://evil.example" style="position:fixed" id="x" hx-get="/">y</a>',
        "<style>*{display:none}</style>",
        '<div hx-get="/executions/" data-hx-trigger="load">z</div>',
    ],
)
def test_nothing_hostile_becomes_a_tag(hostile: str) -> None:
    html = rendered(f"before {hostile} after")
    for tag in ("<script", "<img", "<style", "<div", 'javascript:alert(1)"', 'href="data'):
        assert tag not in html
    assert " hx-get=" not in html.replace("&quot;", "").split("&lt;")[0]


def test_a_link_says_where_it_leads_and_gives_nothing_away() -> None:
    html = rendered("[your bank](https://evil.example/login)")
    assert "(evil.example)" in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_lists_tables_code_and_headings_are_shown() -> None:
    html = rendered("# Title\n\n- one\n- two\n\n| a |\n|---|\n| 1 |\n\n`code` **bold**")
    for part in ("<h3>Title</h3>", "<li>one</li>", "<td>1</td>", "<code>code</code>", "<strong>"):
        assert part in html


def test_what_turns_the_direction_of_writing_is_written_out() -> None:
    assert "\\u202e" in rendered("pay \u202e100")


def test_a_text_that_is_too_long_stays_a_text() -> None:
    html = rendered("<b>" + "x" * MOST_CHARACTERS)
    assert html.startswith("<pre>&lt;b&gt;")
