"""How the house speaks: few sentences begin with a clause in the place of their subject."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("dashboard", "executions", "stigmer_site")
# "Who is left behind is rung for": CONTRIBUTING.md says how such a sentence reads better.
OPENING = re.compile(r"(?:^|(?<=[.!?]\s))(?:Who|Whoever|What|Whatever|Where)\b[^.?!]*[.!?:]?")
# Let the number go down; a room that has none any more stays so.
MOST = 445
CLEAN = [
    "dashboard/queries",
    "executions/agents",
    "executions/attention",
    "executions/audit",
    "executions/backups",
    "executions/blobs",
    "executions/bulk",
    "executions/calls",
    "executions/correlation",
    "executions/demo",
    "executions/driving",
    "executions/expressions",
    "executions/health",
    "executions/inbound",
    "executions/intake",
    "executions/isolation",
    "executions/journal",
    "executions/language",
    "executions/live",
    "executions/mind",
    "executions/outbound",
    "executions/recovery",
    "executions/retention",
    "executions/sandbox",
    "executions/schemas",
    "executions/sealed",
    "executions/searching",
    "executions/secrets",
    "executions/streams",
    "executions/supervisor",
    "executions/toolbox",
    "executions/worker",
    "executions/workspaces",
]


def test_fewer_sentences_begin_with_a_clause_in_the_place_of_their_subject() -> None:
    openings = list(_openings())
    assert [each for each in openings if each[0] in CLEAN] == []
    assert len(openings) <= MOST, "name the thing: CONTRIBUTING.md, Plain English"


def _openings() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            if "migrations" in file.parts:
                continue
            parts = file.relative_to(ROOT).parts
            for text in _texts(file.read_text()):
                for sentence in OPENING.findall(text):
                    # Questions, and headings and labels, which end without a full stop, stay.
                    if sentence[-1] in ".!:" and len(sentence) > 12:
                        yield "/".join(parts[:2]), sentence


def _texts(source: str) -> Iterator[str]:
    """Strings (docstrings and messages among them) and whole comments, each on one line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield " ".join(node.value.split())
    comment, last = "", -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if comment and token.start[0] != last + 1:
                yield comment
                comment = ""
            comment = f"{comment} {token.string.lstrip('# ')}".strip()
            last = token.start[0]
    if comment:
        yield comment
