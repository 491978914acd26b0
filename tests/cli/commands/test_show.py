"""Looking at what a live Stigmer has."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.cli.commands.test_runs import id_in
from tests.cli.conftest import definition
from tests.cli.terminal import Terminal

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def run_id(demo: Terminal) -> str:
    return id_in(demo("run", "workflow", "stops", "-f").out)


def test_a_table_has_heads_and_a_line_for_each(demo: Terminal, run_id: str) -> None:
    lines = demo(
        "list", "executions", "--workflow", "stops", "--phase", "FAILED", "--limit", "1"
    ).out.splitlines()
    assert lines[0].split() == ["ID", "WORKFLOW", "PHASE", "DONE", "OWNER", "AGE", "STEP", "REASON"]
    assert [*lines[1].split()[:3], lines[1].split()[4]] == [run_id, "stops", "FAILED", "demo"]
    assert len(lines) == 2


def test_lists_longer_than_a_page_are_read_on_and_json_is_what_the_api_says(demo: Terminal) -> None:
    items = json.loads(demo("list", "workflows", "--limit", "3", "-o", "json").out)["items"]
    assert len(items) == 3
    assert all(item["kind"] == "Workflow" and item["metadata"]["slug"] for item in items)


def test_an_empty_list_says_so_beside_the_output(demo: Terminal) -> None:
    said = demo("list", "executions", "--text", "nothing is named like this")
    assert (said.code, said.out, said.err) == (
        0,
        "",
        "No executions.\nRuns of agents: `stigmer list agent-executions`.\n",
    )


def test_get_prints_yaml_and_the_text_as_it_was_applied(demo: Terminal) -> None:
    assert (
        yaml.safe_load(demo("get", "workflow", "greet", "-o", "yaml").out)["metadata"]["slug"]
        == "greet"
    )
    assert demo("get", "workflow", "greet", "--source").out == definition("greet")


def test_what_belongs_to_something_is_listed_of_it(demo: Terminal, run_id: str) -> None:
    assert "greet-default" in demo("list", "instances", "--of", "greet").out
    assert "breaks" in demo("list", "steps", "--of", run_id).out
    assert "first" in demo("list", "checkpoints", "--of", run_id).out
    assert demo("list", "instances").code == 2
    assert demo("list", "workflows", "--phase", "FAILED").code == 2


def test_a_run_is_described_with_its_steps_its_error_and_what_can_be_done(
    demo: Terminal, run_id: str
) -> None:
    said = demo("describe", run_id)
    assert said.code == 0, said
    assert "FAILED at breaks: It is broken" in said.out
    assert '"type": "https://example.org/broken"' in said.out
    assert f"stigmer skip {run_id}" in said.out
    assert f"/executions/{run_id}/" in said.out


def test_a_workflow_is_described_with_its_instances_versions_and_runs(
    demo: Terminal, run_id: str
) -> None:
    said = demo("describe", "workflow", "stops")
    assert said.code == 0, said
    assert all(title in said.out for title in ("INSTANCES", "VERSIONS", "NEWEST RUNS"))
    assert run_id in said.out


def test_what_is_in_use_is_not_deleted_and_what_is_not_is(demo: Terminal, run_id: str) -> None:
    assert demo("delete", "workflow", "stops").code == 2  # nobody is there to be asked
    said = demo("delete", "workflow", "stops", "--yes")
    assert said.code == 3, said
    other = id_in(demo("run", "workflow", "greet", "-i", "name=B", "-f").out)
    assert demo("delete", other, "--yes").out == f"execution {other} deleted\n"
    assert demo("get", other).code == 4


def test_an_unknown_name_is_not_found(demo: Terminal) -> None:
    said = demo("get", "workflow", "nope")
    assert said.code == 4
    assert said.err.startswith("stigmer: There is no workflow nope.")
