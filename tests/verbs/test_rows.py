"""One row a verb: every door knows every verb, and none knows another."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
import typer
from django.contrib.auth.models import User
from django.urls import reverse

from dashboard import actions, bulk, words
from executions import policy
from executions.admin.verbs import action, actions_for
from executions.api.build import api
from executions.api.schemas.verbs import BODIES
from executions.cli.app import app
from executions.errors import Refused
from executions.journal.events import known
from executions.models import Execution
from executions.roles import Role
from executions.states import Phase
from executions.verbs.acting import act_now
from executions.verbs.row import Answer, Kind, Reason, Verb
from executions.verbs.rows import VERBS, with_commands
from tests.people import confirmed

DOCS = Path(words.__file__).parent.parent / "docs"
# One that each argument may have.
ARGUMENTS: dict[str, object] = {
    "checkpoint_seq": 0,
    "choice": "run_again",
    "output": 1,
    "phase": "CANCELLED",
    "step_seq": 1,
}
EACH = pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.slug)


@EACH
def test_a_verb_has_a_function_words_and_an_event_that_people_are_told(verb: Verb) -> None:
    assert callable(import_module(f"executions.verbs.{verb.module}").act)
    texts = (verb.label, verb.summary, verb.meaning, verb.command, verb.done, verb.done_to)
    assert all(texts)
    assert known(verb.event) is not None
    assert verb.roles and verb.phases
    assert bool(verb.only) or not verb.has_button
    assert bool(verb.question) or not verb.is_danger


@EACH
def test_the_policy_asks_the_row(verb: Verb) -> None:
    assert policy.RIGHTS[verb.name] == verb.roles


@EACH
def test_the_api_has_a_route_for_both_kinds_with_the_arguments_of_the_row(verb: Verb) -> None:
    routes = {route for route, operation in api.operations() if "POST" in operation.methods}
    for kind in ("workflow", "agent"):
        assert any(
            route.endswith(f"{kind}-executions/<execution_id>/{verb.slug}") for route in routes
        )
    shape = BODIES[verb.name]
    fields = set(shape.model_fields) if shape else set()
    reason = {"reason"} if verb.reason != Reason.NONE else set()
    assert fields == {argument.name for argument in verb.arguments} | reason


def test_the_command_has_each_verb_or_its_undo() -> None:
    known = typer.main.get_command(app)
    assert isinstance(known, typer.core.TyperGroup)
    for verb in with_commands():
        assert verb.slug in known.commands
        options = {name for each in known.commands[verb.slug].params for name in each.opts}
        asked = {option for argument in verb.arguments for option in argument.options}
        assert asked <= options
        assert ("--seq" in options) is verb.is_about_what_was_seen
        assert ("--undo" in options) is bool(verb.undo)


@EACH
def test_the_page_posts_each_verb_to_one_address(verb: Verb) -> None:
    assert reverse("act", args=["wex-1", verb.slug]).endswith(f"/{verb.slug}")
    assert verb.has_button == (verb in actions._BUTTONS)
    assert verb.in_bulk == (verb in bulk.VERBS)


@EACH
def test_what_several_rows_are_asked_at_once_needs_no_argument(verb: Verb) -> None:
    needed = [argument for argument in verb.arguments if argument.is_required]
    assert not (verb.in_bulk and (needed or verb.reason == Reason.REQUIRED))


@pytest.mark.django_db
def test_the_admin_has_an_action_for_each_verb_of_an_administrator(admin_user) -> None:
    assert {verb.name for verb in actions_for(admin_user)} == set(VERBS)
    names = [action(verb).__name__ for verb in VERBS.values()]
    assert names == [verb.module for verb in VERBS.values()]


@EACH
def test_the_docs_name_each_verb_with_its_command_and_its_roles(verb: Verb) -> None:
    table = (DOCS / "recovery.md").read_text()
    line = next(line for line in table.splitlines() if line.startswith(f"| {verb.name} |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1] == ", ".join(
        role for role in ("owner", "support", "admin") if role in verb.roles
    )
    if verb in with_commands():
        assert f"`{verb.slug} ID" in (DOCS / "cli.md").read_text()


@EACH
def test_a_choice_has_words_and_a_number_has_bounds(verb: Verb) -> None:
    for argument in verb.arguments:
        assert argument.kind is not Kind.CHOICE or argument.choices or argument.shape
        assert argument.kind is not Kind.NUMBER or None not in (argument.least, argument.most)
        assert argument.help and argument.label
    assert verb.answer in Answer


@EACH
@pytest.mark.django_db
def test_a_verb_is_refused_in_every_phase_that_its_row_does_not_list(
    verb, begin, process, alice
) -> None:
    execution = begin("do: [{a: {set: {n: 1}}}]")
    admin = confirmed(User.objects.create_superuser("root"))
    actor = alice if Role.OWNER in verb.roles else admin
    needed = {each.name: ARGUMENTS[each.name] for each in verb.arguments if each.is_required}
    possible = f"{verb.name} is possible only when it is {' or '.join(sorted(verb.phases))}."
    for phase in set(Phase) - verb.phases:
        Execution.objects.filter(pk=execution.pk).update(phase=phase, process=process)
        with pytest.raises(Refused) as refused:
            act_now(verb, execution.pk, actor, needed, reason="a mistake")
        assert refused.value.code == "wrong_phase"
        assert refused.value.message == f"It is {phase}; {possible}"
