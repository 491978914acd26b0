"""Skills are read as strictly as definitions: every problem with the line that it has in the text."""

from __future__ import annotations

import pytest

from executions.language import DefinitionError
from executions.language.reading.yaml import Limits
from executions.language.skill import is_skill, parse_skill

GOOD = "---\nname: Making tea\ndescription: How tea is made.\ntags: [tea]\n---\n\n# Tea\n\nHot.\n"


def _lines(text: str, limits: Limits | None = None) -> list[tuple[int, str]]:
    with pytest.raises(DefinitionError) as found:
        parse_skill(text, limits=limits)
    return [(problem.line, problem.message) for problem in found.value.problems]


@pytest.mark.parametrize("text", [GOOD, GOOD.replace("\n", "\r\n"), GOOD + "---\nmore\n"])
def test_a_skill_is_a_head_and_a_body(text: str) -> None:
    found = parse_skill(text)
    assert (found.skill.name, found.skill.tags) == ("Making tea", ["tea"])
    assert found.body.startswith("# Tea") and not found.body.endswith("\n")
    assert is_skill(text)


@pytest.mark.parametrize(
    "text",
    [
        "document: {}\n",
        "--- \nname: a\n",
        "# Tea\n---\nname: a\n---\n",
        "---\nkind: Agent\nname: a\ninstructions: |\n  ---\n",
        "",
    ],
)
def test_what_has_no_head_is_no_skill(text: str) -> None:
    assert not is_skill(text)
    assert _lines(text) == [(1, "the head of the skill is missing")]


def test_problems_have_the_lines_of_the_text() -> None:
    found = _lines("---\nname: ''\ndescribed: how\ndescription: x\n---\nHot.\n")
    assert [line for line, _ in found] == [2, 3]
    assert _lines("---\nname: a\ndescription: [\n---\nHot.\n")[0][0] >= 3
    assert _lines("---\n- a\n---\nHot.\n")[0][1].startswith("the head has to be an object")
    assert _lines("---\nname: a\ndescription: b\n---\n \n")[0][1] == "the skill says nothing"
    assert _lines("---\n\n---\nHot.\n")
    assert "larger than 50 bytes" in _lines(GOOD, Limits(max_bytes=50))[0][1]


def test_a_version_is_named_by_the_beginning_of_its_digest() -> None:
    from executions.language.agent import parse_agent

    head = "name: a\ninstructions: Answer in one sentence.\nskills: ['%s']\n"
    digest = parse_skill(GOOD).digest
    for name in ("making-tea", f"making-tea@{digest[:8]}", f"making-tea@{digest}"):
        assert parse_agent(head % name).agent.skills == [name]
    for name in ("", "making-tea@abc", "making-tea@latest", "@" + digest):
        with pytest.raises(DefinitionError):
            parse_agent(head % name)
