"""Every phase, status, event and verb is known to every door: a row that a door does not know is
seen here.

What each door makes of a verb's row is in tests/verbs/test_rows.py.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from rich.style import Style

from dashboard import sentence
from dashboard.templatetags import journal as tags
from dashboard.templatetags import words as word_tags
from executions import policy
from executions.admin.verbs import actions_for
from executions.cli.display import history, standing, talk, words
from executions.health.metrics import _executions
from executions.journal.events import EventName, known, title_of
from executions.models import Execution, Step
from executions.searching import typed
from executions.states import Look, Phase, Stand, StepStatus
from executions.verbs.rows import VERBS
from stigmer_site.assets import STATIC

ICONS = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img" / "icons.svg").read_text()))
TONES = set(re.findall(r"\.tone-([a-z]+)\b", (STATIC / "css" / "components.css").read_text()))
DOCS = Path(__file__).parents[1] / "docs"
SCHEMAS = json.loads((DOCS / "openapi.json").read_text())["components"]["schemas"]
MARK = re.compile(r"\S")


def check_look(look: Look) -> None:
    assert look.word and look.icon in ICONS and look.tone in TONES
    assert Style.parse(look.colour)


@pytest.mark.parametrize("phase", Phase)
def test_every_door_knows_each_phase(phase: Phase) -> None:
    look = phase.row.look
    check_look(look)
    assert f"tone-{look.tone}" in word_tags.phase(phase) and look.word in word_tags.phase(phase)
    assert word_tags.phase_tone(phase) == f"tone-{look.tone}"
    assert sentence.stands(
        Execution(phase=phase, started_at=timezone.now(), ended_at=timezone.now()), []
    )
    assert typed.parse(f"status:{phase.lower()}", timezone.now()).search.phases == (phase,)
    assert words.STYLES[phase] == look.colour
    status = {
        "phase": phase,
        "current_step": "",
        "retry_count": 0,
        "failure_reason": "",
        "cancel_asked": False,
    }
    run = {"status": status | {"waiting_for": "", "wake_at": None}, "metadata": {"id": "wex-1"}}
    assert standing.sentence(run).startswith(phase)
    assert bool(standing.next_commands(run)) is (phase.row.is_active or phase is Phase.FAILED)
    assert phase in SCHEMAS["Phase"]["enum"]


@pytest.mark.django_db
def test_the_metrics_have_a_sample_for_each_phase() -> None:
    assert {dict(sample.labels)["phase"] for sample in _executions().samples} == set(Phase)


@pytest.mark.parametrize("status", StepStatus)
def test_every_door_knows_each_status_of_a_step(status: StepStatus) -> None:
    look = status.look
    check_look(look)
    step = Step(path="/a", name="a", kind="set", status=status)
    assert tags.step_look(step) == look
    assert tags.status_tone(status) == f"tone-{look.tone}"
    assert words.STYLES[status] == look.colour
    line = history.line({"type": "step", "name": "a", "path": "/a", "status": status, "at": None})
    assert (line is not None) is bool(look.mark)
    # What is over is told in the command's history, and of a conversation with the same mark.
    assert look.mark or status.stand is Stand.OPEN
    assert talk.MARKS.get(status) == (None if status.stand is Stand.OPEN else look.mark)


@pytest.mark.parametrize("event", EventName)
def test_every_door_knows_each_event(event: EventName) -> None:
    told = event.words
    assert title_of(event) == told.title and told.tone in TONES and MARK.match(told.mark)
    assert word_tags.event_tone(event) == f"tone-{told.tone}"
    assert re.search(r"#([a-z-]+)", tags.event_icon(event))[1] in ICONS  # type: ignore[index]
    line = history.line({"type": "event", "name": event, "at": None, "payload": {}})
    assert line is not None and any(told.mark in part[0] for part in line)


@pytest.mark.django_db
def test_every_door_knows_each_verb(admin_user) -> None:
    assert {verb.name for verb in actions_for(admin_user)} == set(VERBS)
    for verb in VERBS.values():
        assert policy.RIGHTS[verb.name] == verb.roles
        assert known(verb.event) is not None
        assert verb.icon in ICONS
        assert reverse("act", args=["wex-1", verb.slug])
        assert verb.phases <= set(Phase)
