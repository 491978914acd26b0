"""The form with which a person answers what a run asks: fields, buttons, and what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from dashboard import run_form, values
from dashboard.run_form import RunForm
from dashboard.words import translated
from executions.errors import Finding, Refused
from executions.models import Ask
from executions.verbs.asks import Answer

_FORM = "/form"
# A person who says no need not fill in the form: the engine knows this outcome by its name.
_NO = "deny"


@dataclass(frozen=True, slots=True)
class Button:
    """One outcome; ``look`` is the class of its button."""

    name: str
    label: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and its form as it stands; ``form`` is None where there is nothing to fill in."""

    ask: Ask
    form: RunForm | None
    buttons: tuple[Button, ...]
    comment: str = ""
    problem: str = ""
    remedy: str = ""

    @property
    def key(self) -> str:
        return self.ask.public_id

    @property
    def title(self) -> str:
        return _text_of(self.ask, "title")

    @property
    def explanation(self) -> str:
        return _text_of(self.ask, "description")

    @property
    def schema(self) -> str:
        """The schema as text, for who has to write JSON; empty where there are fields."""
        if self.form is None or self.form.fields:
            return ""
        return values.pretty(self.ask.form)[: values.SHOWN_CHARACTERS]


def question(ask: Ask) -> Question:
    """Not filled in yet."""
    form = None if ask.form is None else run_form.form_of(ask.form)
    return Question(ask, form, tuple(_buttons(ask)))


def _buttons(ask: Ask) -> list[Button]:
    names = [str(each["name"]) for each in ask.outcomes]
    first = next((name for name in names if name != _NO), "")
    looks = {_NO: "danger", first: "primary"}
    return [Button(name, ask.label_of(name).strip() or name, looks.get(name, "")) for name in names]


def given(asked: Question, sent: Mapping[str, str]) -> Answer:
    """The answer that was typed and pressed. Raises InputProblem where a text is not what its field
    takes.
    """
    outcome, comment = sent.get("outcome", ""), sent.get("comment", "").strip()
    form = asked.form
    is_left = form is None or (outcome == _NO and run_form.is_untouched(form, sent))
    value = None if form is None or is_left else run_form.read(form, sent)
    return Answer(outcome, value, comment)


def again(asked: Question, sent: Mapping[str, str], problems: Mapping[str, str]) -> Question:
    """As it was sent, each problem at its field."""
    typed = replace(asked, comment=sent.get("comment", ""))
    if asked.form is None:
        return replace(typed, problem=" ".join(problems.values()))
    form = run_form.with_problems(asked.form, sent, problems)
    problem = form.problem or _("The filled-in answer does not fit the form.")
    return replace(typed, form=form, problem=problem)


def refused(asked: Question, sent: Mapping[str, str], refusal: Refused) -> Question:
    """As it was sent, with what the refusal finds at the fields, and its words above."""
    findings = [
        Finding(each.pointer.removeprefix(_FORM), each.message) for each in refusal.findings
    ]
    problems = run_form.by_field(asked.form, findings) if asked.form else {}
    shown = again(asked, sent, problems)
    loose = problems.get("", "")
    return replace(
        shown, problem=f"{translated(refusal.message)} {loose}".strip(), remedy=refusal.remedy
    )


def _text_of(ask: Ask, name: str) -> str:
    """A text that the form's schema says of the whole of it."""
    schema: Any = ask.form
    said = schema.get(name) if isinstance(schema, dict) else None
    return said.strip() if isinstance(said, str) else ""
