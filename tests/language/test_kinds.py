"""Every kind of task and every kind of call is known to every door."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, get_args

import pytest
from django.conf import settings
from jsonschema_rs import Draft202012Validator

from dashboard.graph.nodes import END, START, graph_of, key_of
from executions.calls.kind import Effect
from executions.calls.steps import STEPS
from executions.calls.table import CALLS, CALLS_NOT_YET
from executions.language import KINDS, DefinitionError, json_schema
from executions.language.checks.outline import outline
from executions.language.model.task import PureTask, kinds_not_yet
from executions.language.walking.places import call_at, effect_at, task_at
from executions.verbs.deciding.previews import INTERNAL, what_runs_again
from tests.language.samples import CALL_SAMPLES, TASK_SAMPLES
from tests.language.walking.walking import Run, parsed

PAGE = (Path(__file__).parents[2] / "docs" / "workflows.md").read_text()
EXPRESSION = "'${ .x }'"
BROKEN = "'${ ( }'"
EACH_TASK = pytest.mark.parametrize("kind", KINDS)
EACH_CALL = pytest.mark.parametrize("name", CALLS)


def text(task: str) -> str:
    return f"do: [{{it: {task}}}]\n"


def task_sample(kind: str) -> str:
    assert kind in TASK_SAMPLES, f"tests/language/samples.py has no example of {kind}"
    return text(TASK_SAMPLES[kind])


def call_sample(name: str) -> str:
    assert name in CALL_SAMPLES, f"tests/language/samples.py has no example of call: {name}"
    return text(f"{{call: {name}, with: {CALL_SAMPLES[name]}}}")


def problems(sample: str) -> list[str]:
    with pytest.raises(DefinitionError) as refused:
        parsed(sample)
    return [str(problem) for problem in refused.value.problems]


@EACH_TASK
def test_a_kind_of_task_answers_all_that_doors_ask(kind: str) -> None:
    assert KINDS[kind].kind == kind
    assert not inspect.isabstract(KINDS[kind])
    assert kind not in kinds_not_yet()


@EACH_TASK
def test_the_parser_and_the_json_schema_read_each_kind_of_task(kind: str) -> None:
    definition = parsed(task_sample(kind))
    assert isinstance(definition.workflow.do[0].task, KINDS[kind])
    Draft202012Validator(json_schema()).validate(definition.document)
    assert KINDS[kind].__name__ in json_schema()["$defs"]
    assert not Draft202012Validator(json_schema()).is_valid(
        {**definition.document, "do": [{"it": {kind: 1.5}}]}
    )


@EACH_TASK
def test_a_problem_names_each_kind_of_task(kind: str) -> None:
    (problem,) = problems(text("{sett: {x: 1}}"))
    assert f" {kind}," in problem or f" {kind};" in problem or f" {kind})" in problem


@EACH_TASK
def test_the_checks_read_the_expressions_of_each_kind_of_task(kind: str) -> None:
    sample = task_sample(kind)
    if EXPRESSION in sample:
        assert any(
            "the expression is not valid" in each
            for each in problems(sample.replace(EXPRESSION, BROKEN, 1))
        )


@EACH_TASK
def test_the_checks_the_graph_and_the_walk_know_the_same_tasks(kind: str) -> None:
    run = Run(task_sample(kind), {"x": 1})
    run.walk()
    workflow = run.definition.workflow
    nodes = {node.key: node for node in graph_of(workflow).nodes}
    checked = {task.name for task in outline(run.definition.document).tasks()}
    assert {node.name for key, node in nodes.items() if key not in (START, END)} == checked
    for record in run.records:
        if record.kind not in INTERNAL:
            task = task_at(workflow, record.path)
            assert task is not None and task.kind == record.kind
            assert nodes[key_of(record.path)].kind == record.kind
    assert {record.name for record in run.records if record.kind not in INTERNAL} == checked


@EACH_TASK
def test_a_kind_that_asks_for_an_effect_is_not_pure(kind: str) -> None:
    run = Run(task_sample(kind), {"x": 1})
    run.walk()
    workflow = run.definition.workflow
    effect = effect_at(workflow, "/it", run.step("/it").arguments)
    assert effect in get_args(Effect)
    asked = [request for request in run.asked if request.step.path == "/it"]
    assert bool(asked) is not issubclass(KINDS[kind], PureTask)
    assert (effect == "pure") is not bool(asked)


@EACH_TASK
def test_the_page_says_what_each_kind_of_task_does(kind: str) -> None:
    first = (KINDS[kind].__doc__ or "").splitlines()[0]
    # The page shows in a table of its own what kinds of calls there are.
    assert f"| `{kind}` | {first.partition(':')[0].replace('``', '`')}" in PAGE


def test_the_page_says_nothing_of_kinds_that_are_not_there() -> None:
    named = PAGE.partition("| a task with | |")[2].partition("\n\n")[0].split("\n| `")[1:]
    assert {line.partition("`")[0] for line in named} == set(KINDS)


@EACH_CALL
def test_a_row_of_a_call_is_whole(name: str) -> None:
    row = CALLS[name]
    assert row.name == name and name not in CALLS_NOT_YET
    assert callable(STEPS[name].run)
    assert callable(getattr(STEPS[name], "run_here", None)) is row.can_be_transactional
    fields = {field.alias or key for key, field in row.arguments.model_fields.items()}
    assert set(row.destinations) <= fields
    assert all(hasattr(settings, setting) for setting in row.limits.values())


@EACH_CALL
def test_the_parser_and_the_json_schema_read_each_kind_of_call(name: str) -> None:
    definition = parsed(call_sample(name))
    Draft202012Validator(json_schema()).validate(definition.document)
    assert call_at(definition.workflow, "/it") is CALLS[name]
    wrong: dict[str, Any] = {
        **definition.document,
        "do": [{"it": {"call": name, "with": {"nobody knows this": 1}}}],
    }
    assert not Draft202012Validator(json_schema()).is_valid(wrong)
    assert any(
        "unknown key `typo`" in each
        for each in problems(text(f"{{call: {name}, with: {{typo: 1}}}}"))
    )


@EACH_CALL
def test_a_problem_names_each_kind_of_call(name: str) -> None:
    (problem,) = problems(text("{call: nothing-like-it}"))
    assert name in problem


@EACH_CALL
def test_the_checks_read_the_expressions_of_each_kind_of_call_and_let_it_have_secrets_or_not(
    name: str,
) -> None:
    sample = call_sample(name)
    assert EXPRESSION in sample or "${ .text }" in sample, "an example needs an expression"
    broken = sample.replace(EXPRESSION, BROKEN, 1).replace("${ .text }", "${ ( }", 1)
    assert any("the expression is not valid" in each for each in problems(broken))
    secret = sample.replace(".x }", "$secrets.key }", 1).replace(".text }", "$secrets.key }", 1)
    declared = "use: {secrets: [key]}\n" + secret
    if CALLS[name].takes_secrets:
        parsed(declared)
    else:
        assert any("secret" in each for each in problems(declared))


@EACH_CALL
def test_a_walk_asks_for_each_kind_of_call_and_a_preview_says_whether_it_would_be_repeated(
    name: str,
) -> None:
    run = Run(call_sample(name), {"x": "1", "text": "1"})
    run.walk()
    assert [request.call for request in run.asked] == [name]
    (said,) = what_runs_again(run.definition.workflow, run.records)
    effect = CALLS[name].effect_of(run.step("/it").arguments)
    assert (said.effect, said.may_repeat) == (effect, effect != "pure")


@EACH_CALL
def test_the_page_says_what_each_kind_of_call_takes(name: str) -> None:
    assert f"| `{name}` | {CALLS[name].needs} |" in PAGE
