"""The preview of a verb, by its row and the type beside it: every door says it, and a verb that is
new is said by all of them with no edit there.
"""

from __future__ import annotations

import sys
from dataclasses import is_dataclass, replace
from enum import Enum
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from django.template.loader import render_to_string
from ninja import Router

from dashboard.templatetags.words import proposed, would
from executions.api.build import api
from executions.api.routes import previews
from executions.cli.display.previews import FACTS, show
from executions.cli.formats import Sentence
from executions.ids import uuid7
from executions.models import Execution
from executions.verbs.deciding.previews import Effects, Foreseen
from executions.verbs.row import Fact, Preview, Verb
from executions.verbs.rows import VERBS

WITH_PREVIEW = [verb for verb in VERBS.values() if verb.has_preview]
EACH = pytest.mark.parametrize("verb", WITH_PREVIEW, ids=lambda verb: verb.slug)
TEXTS = {"status": "SUCCEEDED", "effect": "pure", "means": "It ends."}


def sample(shape: Any, name: str = "", *, is_full: bool) -> Any:
    """A value of this type: everything that it can say, or nothing of that."""
    if isinstance(shape, type) and is_dataclass(shape):
        fields = get_type_hints(shape).items()
        return shape(**{key: sample(kind, key, is_full=is_full) for key, kind in fields})
    if get_origin(shape) is list:
        return [sample(get_args(shape)[0], is_full=True)] if is_full else []
    if get_origin(shape) is Literal:
        return get_args(shape)[0]
    if type(None) in get_args(shape):
        return sample(get_args(shape)[0], name, is_full=True) if is_full else None
    if shape is str:
        return TEXTS.get(name, "/named") if is_full else ""
    if issubclass(shape, Enum):
        return next(iter(shape))
    return shape(is_full)


def seen(verb: Verb, *, is_full: bool) -> dict[str, Any]:
    hints = get_type_hints(import_module(f"executions.verbs.{verb.module}").would)
    effects: Effects = sample(hints["return"], is_full=is_full)
    return effects.as_json()


def text_of(templates: list[str], preview: dict[str, Any]) -> str:
    execution = Execution(id=uuid7(), kind="workflow")
    return " ".join(
        render_to_string(templates, {"preview": preview, "execution": execution}).split()
    )


@EACH
def test_the_row_and_the_type_say_the_same_facts(verb: Verb) -> None:
    assert verb.preview is not None
    assert set(verb.preview.facts) <= set(seen(verb, is_full=True))


def test_the_command_says_each_fact() -> None:
    assert set(FACTS) == set(Fact)


@EACH
def test_the_api_has_the_preview_at_the_address_of_the_verb(verb: Verb) -> None:
    assert verb.preview is not None
    routes = {route for route, operation in api.operations() if "GET" in operation.methods}
    for kind in ("workflow", "agent"):
        address = f"{kind}-executions/<execution_id>/{verb.slug}"
        is_there = any(route.endswith(address) for route in routes)
        assert is_there is (kind == "workflow" or verb.preview.of_agents)


@EACH
@pytest.mark.parametrize("is_full", [True, False])
def test_the_page_the_admin_and_the_second_person_read_it(verb: Verb, is_full: bool) -> None:
    preview = seen(verb, is_full=is_full)
    assert text_of(would(verb.name), preview)
    if verb.by_two:
        assert text_of(proposed(verb.name), preview)


@EACH
@pytest.mark.parametrize("is_full", [True, False])
def test_the_command_says_it(verb: Verb, is_full: bool, capsys: pytest.CaptureFixture[str]) -> None:
    show(verb, "wex-1", seen(verb, is_full=is_full), Sentence.TEXT)
    said = capsys.readouterr().out
    assert verb.preview is not None
    # The phases of an override are listed by the command before one is chosen.
    assert said.startswith("wex-1  ") is bool(verb.preview.sentence)


def test_a_new_verb_is_said_by_every_door_with_no_edit_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def rewind(execution: Execution, actor: object) -> Foreseen:
        raise NotImplementedError

    row = replace(
        VERBS["amend"], name="rewind", arguments=(), preview=Preview("Preview it", "All of it.")
    )
    module: Any = ModuleType("executions.verbs.rewind")
    module.would = rewind
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(VERBS, row.name, row)
    preview = sample(Foreseen, is_full=True).as_json()

    router = Router()
    previews.add_previews(router, "agent")
    assert "/{execution_id}/rewind" in router.path_operations
    for templates in (would(row.name), proposed(row.name)):
        said = text_of(templates, preview)
        assert "1 finished step stays as it is. 1 step is set aside and runs again." in said
        assert "may happen once more" in said
    show(row, "wex-1", preview, Sentence.TEXT)
    assert capsys.readouterr().out.startswith("wex-1  1 finished step stays, 1 step runs again.")
