"""Pages, the API and the admin show `[secret NAME]` where a row keeps a secret out or an older one
a placeholder.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from dashboard import values
from executions.admin.rendering import json_text, text_block
from executions.api.render import journal as render
from executions.ids import uuid7
from executions.models import Attempt, Execution, Step
from executions.secrets import Seal, Secrets
from executions.values import dumps

SECRETS = Secrets({"key": "canary-7f3a-9b1c"}, "nonce12345", seal=Seal(["k"], b"run"))
PLACEHOLDER = SECRETS.placeholders(["key"])["key"]
KEPT = SECRETS.sealed_value({"echo": "Bearer canary-7f3a-9b1c", "old": PLACEHOLDER})
SHOWN = {"echo": "Bearer [secret key]", "old": "[secret key]"}


def test_a_page_shows_labels_also_where_it_shows_a_beginning_only() -> None:
    found = values.shown(dumps(KEPT))
    assert found is not None and json.loads(found.text) == SHOWN
    assert json.loads(values.pretty(KEPT)) == SHOWN
    text = dumps({"a": "x" * (values.SHOWN_CHARACTERS - 40), **KEPT})
    cut = values.shown(text)
    assert cut is not None and cut.is_cut
    assert cut.text.endswith("Bearer [secret key]") and "\ue000" not in cut.text


def test_the_admin_shows_labels() -> None:
    assert "[secret key]" in json_text(KEPT) and "stigmer-secret-" not in json_text(KEPT)
    assert "\ue000" not in text_block(dumps(KEPT))


def test_the_api_shows_labels() -> None:
    execution = Execution(pk=uuid7(), kind="workflow", head_seq=1)
    now = datetime.now(UTC)
    step = Step(
        execution=execution,
        path="/a",
        name="a",
        kind="call",
        status="SUCCEEDED",
        input=KEPT,
        arguments=KEPT,
        output=KEPT,
        error=KEPT,
        started_at=now,
        control={},
    )
    shown = render.step(execution, step)
    assert (shown.input, shown.arguments, shown.output, shown.error) == (SHOWN, SHOWN, SHOWN, SHOWN)
    attempt = Attempt(
        number=1, outcome="failed", error=KEPT, log=PLACEHOLDER, started_at=now, finished_at=now
    )
    assert (render.attempt(attempt).error, render.attempt(attempt).log) == (SHOWN, "[secret key]")
