"""The form that starts a run, made from the workflow's input schema; plain JSON where there is none
to speak of.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from dashboard.words import translated
from executions.errors import Finding
from executions.pointers import path_of, pointer_of

MOST_FIELDS = 30


class InputProblem(Exception):
    """The form cannot be read as it was typed; ``problems`` by field name, ``""`` for the whole."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Field:
    """One property of the input. ``kind``: text, integer, number, boolean, choice or json."""

    name: str
    label: str
    kind: str
    is_required: bool = False
    hint: str = ""
    choices: tuple[str, ...] = ()
    text: str = ""
    problem: str = ""

    @property
    def is_checked(self) -> bool:
        """Of a boolean: as its default says, or as it was sent."""
        return self.text in ("true", "on")


@dataclass(frozen=True, slots=True)
class RunForm:
    """``fields`` is empty where the input is one JSON text. ``key`` makes a double click one
    run.
    """

    fields: tuple[Field, ...] = ()
    json_text: str = "{}"
    problem: str = ""
    key: str = field(default_factory=lambda: uuid.uuid4().hex)


def form_for(document: Mapping[str, Any]) -> RunForm:
    """An empty form for a stored definition."""
    return form_of(((document.get("input") or {}).get("schema") or {}).get("document") or {})


def form_of(schema: Any) -> RunForm:
    """An empty form for what a JSON Schema describes; one JSON text where it lists no
    properties.
    """
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not 0 < len(properties) <= MOST_FIELDS:
        return RunForm()
    required = schema.get("required")
    required = required if isinstance(required, list) else []
    return RunForm(tuple(_field(name, each, name in required) for name, each in properties.items()))


def _field(name: str, schema: Any, is_required: bool) -> Field:
    schema = schema if isinstance(schema, dict) else {}
    listed = schema.get("enum")
    choices = tuple(_as_text(choice) for choice in listed) if isinstance(listed, list) else ()
    kind = "choice" if choices else _kind(schema.get("type"))
    default = schema.get("default")
    text = "" if default is None else _as_text(default)
    label = str(schema.get("title") or "").strip() or name
    return Field(
        name, label, kind, is_required, str(schema.get("description") or ""), choices, text
    )


def _kind(type_: Any) -> str:
    simple = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
    return simple.get(type_, "json") if isinstance(type_, str) else "json"


def read(form: RunForm, sent: Mapping[str, str]) -> Any:
    """The input that was typed. Raises InputProblem where a text is not what its field takes."""
    if not form.fields:
        try:
            return json.loads(sent.get("json") or "{}", parse_constant=_no_constant)
        except ValueError as problem:
            said = _("This is not JSON: {problem}.").format(problem=problem)
            raise InputProblem({"": said}) from problem
    value: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for each in form.fields:
        text = sent.get(f"field-{each.name}", "")
        if each.kind == "boolean":
            value[each.name] = text == "on"
        elif text != "":
            try:
                value[each.name] = _typed(each, text)
            except ValueError as problem:
                problems[each.name] = str(problem)
    if problems:
        raise InputProblem(problems)
    return value


def is_untouched(form: RunForm, sent: Mapping[str, str]) -> bool:
    """Whether it was sent as it was shown."""
    if not form.fields:
        return sent.get("json", "").strip() in ("", form.json_text)
    return all(_as_sent(each) == sent.get(f"field-{each.name}", "") for each in form.fields)


def _as_sent(each: Field) -> str:
    if each.kind != "boolean":
        return each.text
    return "on" if each.is_checked else ""


def _typed(each: Field, text: str) -> Any:
    match each.kind:
        case "integer":
            if not re.fullmatch(r"\s*-?\d{1,30}\s*", text):
                raise ValueError(_("“{text}” is not a whole number.").format(text=text[:40]))
            return int(text)
        case "number":
            return _number(text)
        case "json":
            try:
                return json.loads(text, parse_constant=_no_constant)
            except ValueError as problem:
                said = _("This is not JSON: {problem}. Texts need quotation marks.")
                raise ValueError(said.format(problem=problem)) from problem
        case "choice":
            chosen = next((choice for choice in each.choices if choice == text), None)
            if chosen is None:
                said = _("Choose one of: {choices}.")
                raise ValueError(said.format(choices=", ".join(each.choices)))
            return _from_text(chosen)
    return text


def _number(text: str) -> int | float:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except ValueError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        said = _("“{text}” is not a number. Write it as 3 or 3.5.")
        raise ValueError(said.format(text=text[:40]))
    return value


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _from_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _no_constant(name: str) -> NoReturn:
    raise ValueError(_("{name} is no JSON value").format(name=name))


def filled(form: RunForm, value: Any) -> RunForm:
    """The form with this input in it; as one JSON text where its fields cannot hold all of it."""
    names = {each.name for each in form.fields}
    if not form.fields or not isinstance(value, dict) or not value.keys() <= names:
        return RunForm(json_text=json.dumps(value, ensure_ascii=False, indent=2))
    return replace(
        form,
        fields=tuple(
            replace(each, text=_as_text(value[each.name]) if each.name in value else "")
            for each in form.fields
        ),
    )


def with_problems(form: RunForm, sent: Mapping[str, str], problems: Mapping[str, str]) -> RunForm:
    """The form as it was sent, each problem at its field; what belongs to no field stands above."""
    names = {each.name for each in form.fields}
    fields = tuple(
        replace(each, text=sent.get(f"field-{each.name}", ""), problem=problems.get(each.name, ""))
        for each in form.fields
    )
    loose = " ".join(text for name, text in problems.items() if name not in names)
    return RunForm(fields, sent.get("json", "{}"), loose)


def by_field(form: RunForm, findings: Sequence[Finding]) -> dict[str, str]:
    """The findings of a schema, by the field that each is about; it names the place inside a field,
    and the unknown field.
    """
    names = {each.name for each in form.fields}
    sorted_out: dict[str, list[str]] = {}
    for finding in findings:
        name, *inside = path_of(finding.pointer) or [""]
        if name in names:
            place = pointer_of(inside)
        else:
            name, place = "", finding.pointer
        said = translated(finding.message)
        message = said[:1].upper() + said[1:]
        sorted_out.setdefault(name, []).append(f"{place}: {message}" if place else message)
    return {name: " ".join(each) for name, each in sorted_out.items()}
