"""Kinds, names and ids."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from executions.cli.exits import CommandError, ExitCode
from executions.cli.kinds import KINDS, Kind, execution_path, named, subject

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
BODY = "01ktf5k2h8x3m0q9v7b4n6c1za"


def test_a_kind_is_known_by_its_singular_and_its_plural() -> None:
    for kind in KINDS:
        assert named(kind.name) is named(kind.plural) is kind


def test_a_kind_is_known_by_the_words_that_pages_use_for_it() -> None:
    assert named("runs") is named("run") is named("execution")
    assert named("conversations") is named("session")


def test_an_unknown_kind_lists_the_known_ones_and_what_was_probably_meant() -> None:
    with pytest.raises(
        CommandError, match=r"Did you mean workflows?\?.*The kinds are workflows, agents"
    ) as refused:
        named("workflwo")
    assert refused.value.code == ExitCode.USAGE


def test_an_id_alone_tells_its_kind() -> None:
    assert subject(f"wex-{BODY}", None)[0].name == "execution"
    assert subject(f"agt-{BODY}", None) == (named("agent"), f"agt-{BODY}")


def test_an_execution_is_of_the_kind_that_its_id_says() -> None:
    assert subject("execution", f"aex-{BODY}")[0].name == "agent-execution"


def test_a_kind_without_a_name_is_asked_for_one() -> None:
    with pytest.raises(CommandError, match=r"Which workflow\?"):
        subject("workflow", None)


def test_runs_of_both_kinds_have_their_own_addresses() -> None:
    assert execution_path(f"wex-{BODY}") == f"/workflow-executions/wex-{BODY}"
    assert execution_path(f"aex-{BODY}") == f"/agent-executions/aex-{BODY}"


@pytest.mark.parametrize(
    "text", ["", "order-fulfilment", f"wfl-{BODY}", "wex-", f"wex-{BODY}/../x"]
)
def test_what_is_no_id_of_a_run_is_refused_before_anything_is_sent(text: str) -> None:
    with pytest.raises(CommandError, match="is not the id of a run"):
        execution_path(text)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_list_of_each_kind_takes_what_the_command_asks_it_for(kind: Kind) -> None:
    runs = "/workflow-executions/{name}" if kind.belongs_to == "execution" else "{name}"
    asked = "/api/v1" + kind.path.replace("{of}", runs)
    shape = re.compile(re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(asked)))
    paths = json.loads(DOCUMENT.read_text())["paths"]
    (read,) = (path["get"] for name, path in paths.items() if shape.fullmatch(name))
    taken = {each["name"] for each in read["parameters"] if each["in"] == "query"}
    assert taken >= {"limit", "cursor"} | kind.filters
