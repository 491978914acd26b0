"""The page about the language says what is true: every example on it is accepted, every key of ours
is on it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from executions.language import KINDS, TaskMetadata, parse
from executions.language.model.task import kinds_not_yet
from executions.language.walking.requests import Completed
from tests.language.walking.walking import Run

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "workflows.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(
    "text", BLOCKS, ids=[re.findall(r"name: ([\w-]+)", block)[0] for block in BLOCKS]
)
def test_every_example_is_accepted_without_a_warning(text: str) -> None:
    definition = parse(text, known_functions=["shop.price"])
    assert definition.workflow.do
    assert [str(warning) for warning in definition.warnings] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_task_is_shown(kind: str) -> None:
    assert re.search(rf"\b{kind}:", "".join(BLOCKS))


@pytest.mark.parametrize("kind", kinds_not_yet())
def test_what_is_not_supported_yet_is_named(kind: str) -> None:
    assert f"`{kind}`" in PAGE


def test_the_example_of_branches_does_what_is_said_beside_it() -> None:
    run = Run("do: [{a: {set: {x: 1}}}]\n")
    run.definition = parse(next(block for block in BLOCKS if "name: branches" in block))
    ended = run.walk()
    assert ended == Completed({"order": 7, "left": 3, "limit": 500})
    assert run.step("/check").output == [3, {"limit": 500}]
    assert run.step("/price").output == [{"sum": 20}, {"sum": 10}]
    assert run.step("/fastest").output == {"from": "near"}
    assert run.step("/fastest").control["winner"] == "near"


def test_every_key_of_ours_is_explained() -> None:
    for name, field in TaskMetadata.model_fields.items():
        assert f"{field.alias or name}:" in "".join(BLOCKS)


def test_every_example_that_ships_is_on_the_page_of_examples() -> None:
    page = (DOCS / "examples.md").read_text()
    for path in (DOCS.parent / "examples").glob("*.yaml"):
        assert f"`{path.stem}`" in page
