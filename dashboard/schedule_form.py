"""The form of a schedule: what was typed as what is wanted, and the problems at their fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from dashboard.words import translated
from executions.errors import Finding, Refused
from executions.pointers import path_of
from executions.schedules.changing import Wanted


def wanted(sent: Mapping[str, str]) -> Wanted:
    """Raises Refused where the input is no JSON."""
    subject = sent.get("starts", "").strip()
    is_agent = subject.startswith("agt-")
    text = sent.get("input", "").strip()
    return Wanted(
        name=sent.get("name", ""),
        workflow="" if is_agent else subject,
        agent=subject if is_agent else "",
        input=text if is_agent else _json(text),
        cron=sent.get("cron", ""),
        every=sent.get("every", ""),
        time_zone=sent.get("time_zone", "").strip() or "UTC",
        missed=sent.get("missed", ""),
        overlap=sent.get("overlap", ""),
        group=sent.get("group", ""),
    )


def typed(fields: Wanted) -> dict[str, Any]:
    """The values of the fields."""
    shown = asdict(fields) | {"starts": fields.workflow or fields.agent}
    if fields.input is None:
        return shown | {"input": ""}
    is_text = bool(fields.agent) and isinstance(fields.input, str)
    text = fields.input if is_text else json.dumps(fields.input, ensure_ascii=False, indent=2)
    return shown | {"input": text}


def problems(refused: Refused) -> dict[str, str]:
    """The problems by field; one that a schema found in a part of the input names the place."""
    by_field: dict[str, list[str]] = {}
    for each in refused.findings:
        name, *inside = path_of(each.pointer) or [""]
        field = "starts" if name in ("workflow", "agent") else name
        said = translated(each.message)
        said = said[:1].upper() + said[1:]
        place = "/".join(str(part) for part in inside)
        by_field.setdefault(field, []).append(f"{place}: {said}" if place else said)
    return {name: " ".join(texts) for name, texts in by_field.items()}


def _json(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        said = _("this is not JSON: {problem}").format(problem=problem)
        raise Refused(
            "invalid",
            "The input cannot be read.",
            remedy="Correct it and send it again.",
            findings=[Finding("/input", said)],
        ) from problem


def _no_constant(name: str) -> NoReturn:
    raise ValueError(_("{name} is no JSON value").format(name=name))
