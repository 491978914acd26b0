"""How a run is started from elsewhere: the same input as in the form, as a request and as a
command.
"""

from __future__ import annotations

import json
import shlex

from dashboard.run_form import InputProblem, RunForm, read


def beginning(form: RunForm) -> str:
    """The input that the empty form stands for, as JSON; ``{}`` where it needs values first."""
    sent = {f"field-{each.name}": _typed(each.kind, each.text) for each in form.fields}
    try:
        return json.dumps(read(form, {**sent, "json": form.json_text}), ensure_ascii=False)
    except InputProblem:
        return "{}"


def _typed(kind: str, text: str) -> str:
    return "on" if kind == "boolean" and text == "true" else text


def curl(origin: str, slug: str, input_json: str) -> str:
    body = json.dumps({"input": json.loads(input_json)}, ensure_ascii=False)
    return (
        f"curl -X POST {shlex.quote(f'{origin}/api/v1/workflows/{slug}/run')} \\\n"
        '  -H "Authorization: Bearer $STIGMER_TOKEN" -H "Content-Type: application/json" \\\n'
        '  -H "Idempotency-Key: $(uuidgen)" \\\n'
        f"  -d {shlex.quote(body)}"
    )


def command(slug: str, input_json: str) -> str:
    value = json.loads(input_json)
    inputs = (
        [f"--input {shlex.quote(f'{name}={_plain(each)}')}" for name, each in value.items()]
        if value
        else []
    )
    return " ".join(["stigmer run workflow", shlex.quote(slug), *inputs, "--follow"])


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
