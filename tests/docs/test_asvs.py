"""docs/asvs.md names tests that exist, and counts what it holds."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "asvs.md").read_text()
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| (\d) \| [^|]+ \| ([^|]+) \| (.+) \|$", TEXT, re.M)
# The requirements of the final 5.0.0 in these chapters, by level.
REQUIRED = {
    "1": """
    6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2
    7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 8.1.1 8.2.1 8.2.2 8.3.1 13.4.1
    """,
    "2": """
    6.1.2 6.1.3 6.2.9 6.2.10 6.2.11 6.2.12 6.3.3 6.3.4 6.4.3 6.4.4 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5
    6.6.1 6.6.2 6.6.3 6.8.1 6.8.2 6.8.3 6.8.4 7.1.1 7.1.2 7.1.3 7.3.1 7.3.2 7.4.3 7.4.4 7.4.5 7.5.1
    7.5.2 7.6.1 7.6.2 8.1.2 8.2.3 8.4.1 13.1.1 13.2.1 13.2.2 13.2.3 13.2.4 13.2.5 13.3.1 13.3.2
    13.4.2 13.4.3 13.4.4 13.4.5 16.1.1 16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2 16.3.3
    16.3.4 16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3
    """,
}


def test_every_named_test_exists():
    for number, _, state, proof in ROWS:
        if state != "met":
            continue
        path, _, name = proof.strip("`").partition("::")
        assert (ROOT / path).exists(), number
        assert f"def {name}(" in (ROOT / path).read_text(), (number, proof)


def test_no_requirement_is_left_out_or_stands_twice():
    for level, names in REQUIRED.items():
        found = [number for number, of, _, _ in ROWS if of == level]
        assert sorted(found) == sorted(names.split())
    assert len(ROWS) == sum(len(names.split()) for names in REQUIRED.values())


def test_the_counts_are_those_of_the_table():
    states = [state for _, _, state, _ in ROWS]
    counts = [states.count(state) for state in ("met", "met or not applicable", "not met")]
    assert re.findall(r"\d+", TEXT.split("**")[1]) == [str(count) for count in counts]


def test_what_is_met_by_a_page_names_a_page_that_exists():
    for page in re.findall(r"docs/[\w-]+\.md", TEXT):
        assert (ROOT / page).exists(), page
