"""Filters and tags for steps, attempts and notifications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2s
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _

from dashboard import values, words
from dashboard.queries import execution as queries
from dashboard.queries import workers
from dashboard.templatetags.shell import icon
from executions.agents.asking import visible as made_visible
from executions.ids import public_id
from executions.journal.decided import Call, Decision
from executions.language import KINDS
from executions.models import (
    Agent,
    Ask,
    AuditEntry,
    Event,
    Execution,
    Notification,
    Process,
    Proposal,
    Step,
    Workflow,
)
from executions.states import PASSED_STATUSES, Look, Phase, StepStatus
from executions.verbs import proposing
from executions.verbs.deciding import amend

register = template.Library()


@dataclass(frozen=True, slots=True)
class Subject:
    """A workflow or an agent as a page names it, by its ``slug`` and the number of a version, and
    the pages that show it; most rows say its name alone, so its addresses are made when asked for.
    """

    slug: str
    number: int
    _row: Workflow | Agent

    @property
    def _page(self) -> str:
        return "workflow" if isinstance(self._row, Workflow) else "agent"

    @property
    def href(self) -> str:
        return reverse(self._page, args=[self._row.public_id])

    @property
    def version_href(self) -> str:
        return reverse(f"{self._page}-version", args=[self._row.public_id, self.number])


LINE = 240
LOG_CHARACTERS = 8_000
_ICONS = {"bad": "alert", "good": "check", "warn": "alert", "busy": "retry"}


@register.filter
def log_end(log: str) -> str:
    """The end of a log, where what went wrong is said; how much stands before it."""
    left_out = len(log) - LOG_CHARACTERS
    if left_out <= 0:
        return log
    before = _("[… {number:,} characters before …]").format(number=left_out)
    return f"{before}\n{log[-LOG_CHARACTERS:]}"


@register.simple_tag
def promises_of(process: Process) -> list[workers.Kept]:
    """The promises of the sandbox of a worker."""
    return workers.promises(process)


@register.simple_tag
def step_look(step: Step) -> Look:
    if step.is_decision():
        return words.decision_look(step.name)
    return words.status_look(step.status)


@register.simple_tag
def status_tone(status: str) -> str:
    return f"tone-{words.status_look(status).tone}"


@register.simple_tag
def shown_value(step: Step, name: str) -> values.Shown | None:
    return values.shown(
        getattr(step, f"{name}_text", None), step.control if name == "arguments" else None
    )


@register.inclusion_tag("dashboard/parts/payload.html")
def payload(shown: values.Shown, label: str, name: str = "", address: str = "") -> dict[str, Any]:
    """A value in the viewer: ``address`` answers with the whole of it as text."""
    digest = blake2s(f"{address} {label} {shown.text}".encode(), digest_size=8).hexdigest()
    kind = "json" if shown.is_json else "text"
    return {
        "text": shown.text,
        "is_cut": shown.is_cut,
        "label": label,
        "name": name,
        "address": address,
        "kind": kind,
        "key": digest,
        "file": f"{slugify(name or label) or 'value'}.{'json' if shown.is_json else 'txt'}",
    }


@register.inclusion_tag("dashboard/parts/payload.html")
def payload_of(value: Any, label: str, name: str = "") -> dict[str, Any]:
    """A JSON value that the page has as a whole, in the viewer."""
    return payload(values.of(value), label, name)


@register.inclusion_tag("dashboard/parts/payload.html")
def payload_visible(value: Any, label: str, name: str = "") -> dict[str, Any]:
    """A JSON value about which somebody decides: what cannot be seen in it is written out."""
    shown = values.of(value)
    return payload(replace(shown, text=made_visible(shown.text)), label, name)


@register.inclusion_tag("dashboard/parts/payload.html")
def payload_text(text: str, label: str, name: str = "", is_titled: bool = False) -> dict[str, Any]:
    """Somebody's text in the viewer: ``is_titled`` says that the label stands above it already."""
    shown = values.Shown(values.plain(text), is_json=False)
    return {**payload(shown, label, name), "is_titled": is_titled}


@register.filter
def error_line(step: Step) -> str:
    """The error in one line; whole, it stands below."""
    text = error_text(step.error)
    return text if len(text) <= LINE else text[: LINE - 1] + "…"


@register.filter
def error_text(error: Any) -> str:
    """Title and detail of an error value, or its JSON where it is none of the DSL's."""
    if not isinstance(error, dict):
        return values.pretty(error)
    title, detail = str(error.get("title") or ""), str(error.get("detail") or "")
    return values.plain(": ".join(part for part in (title, detail) if part)) or values.pretty(error)


@register.filter
def operation_line(step: Step) -> str:
    """Of a call: its idempotency key, and how it stands to the try before it; empty for others."""
    call = Call.of(step)
    if step.kind != "call" or call.key is None:
        return ""
    line = _("idempotency key {key}").format(key=call.key)
    earlier = call.earlier
    if earlier is None:
        return line
    if earlier.input is not None:
        why = _("that of the try before, with its arguments: nobody knows what became of it")
    elif earlier.arguments == "others":
        why = _("a new operation: the try before {outcome}, with other arguments")
        why = why.format(outcome=words.translated(earlier.outcome))
    else:
        why = _("that of the try before")
    return f"{line} ({why})"


@register.filter
def decision_line(step: Step) -> str:
    """The decision of a person or of the engine, in words."""
    decided = Decision.of(step)
    touched = [last_name(path) for path in decided.supersedes or []]
    said = _("Decision {verb}").format(verb=_(decided.verb or step.name))
    if touched:
        said = _("Decision {verb} about {steps}").format(
            verb=_(decided.verb or step.name), steps=", ".join(touched)
        )
    said = ", ".join([said, *_changes(decided)])
    reason = _("Reason: {reason}").format(reason=decided.reason) if decided.reason else ""
    return f"{said}. {_('The steps that it set aside stay in the journal.')} {reason}".rstrip()


@register.filter
def audit_line(entry: AuditEntry) -> str:
    """The changes of a person's verb beside the phase, in words; empty where there are none."""
    return ", ".join(_changes(Decision(entry.after if isinstance(entry.after, dict) else {})))


def _changes(said: Decision) -> list[str]:
    """The changes that a decision made; the audit trail keeps the same."""
    return [
        *([_("to the beginning")] if said.checkpoint == 0 else []),
        *([_("to checkpoint {seq}").format(seq=said.checkpoint)] if said.checkpoint else []),
        *(
            [_("onto version {number}").format(number=said.version)]
            if said.version is not None
            else []
        ),
        *([_("with an edited input")] if said.edited_input else []),
        *([_("as a new operation")] if said.as_new_operation else []),
        *([said.message] if isinstance(said.message, str) else []),
    ]


@register.simple_tag
def prompt_of(ask: Ask) -> tuple[str, str]:
    """The question: its first line, which is the heading, and what is said beside it."""
    first, _end, rest = values.said(ask, ask.prompt.strip()).partition("\n")
    return first.strip(), rest.strip()


@register.simple_tag
def comment_of(ask: Ask) -> str:
    """The comment on an answer."""
    return values.said(ask, ask.comment)


@register.simple_tag
def outcome_label(ask: Ask) -> str:
    """The label of the button that was pressed."""
    return values.plain(ask.label_of(ask.outcome))


@register.simple_tag
def people_of(ask: Ask) -> str:
    """The people who may answer, by name."""
    users = sorted(user.get_username() for user in ask.users.all())
    groups = sorted(group.name for group in ask.groups.all())
    named = [*users, *(_("the group {name}").format(name=name) for name in groups)]
    return values.plain(", ".join(named) or _("an administrator"))


@register.simple_tag
def answer_of(step: Step) -> Ask | None:
    """The latest question of this step; it has an answer or not."""
    return next(iter(step.asks.all()), None) if step.kind == "call" else None


@register.filter
def who_agrees(row: Proposal) -> str:
    """The people of whom one has to agree to it."""
    return words.translated(proposing.who_agrees(row))


@register.filter
def last_name(path: str) -> str:
    """The task at the end of a step's path, or the place that it names in an agent's run."""
    return words.last_name(path)


@register.filter
def last_names(paths: Sequence[str]) -> SafeString:
    """The tasks at the ends of these paths, one after the other."""
    return format_html_join(", ", "<bdi>{}</bdi>", ((words.last_name(path),) for path in paths))


@register.filter
def awaited(waiting_for: str) -> str:
    return words.awaited(waiting_for)


@register.simple_tag
def event_icon(name: str) -> SafeString:
    return icon(_ICONS.get(words.event_tone(name), "info"))


@register.filter
def notification_id(row: Notification) -> str:
    return public_id("ntf", row.pk)


@register.filter
def capped(count: int | None) -> str:
    """A count up to the cap; ``…`` for one that took too long."""
    if count is None:
        return "…"
    return "10,000+" if count > 10_000 else f"{count:,}"


@register.simple_tag
def subject_of(execution: Execution) -> Subject:
    """The workflow or agent of a run, its version, and the page that shows it."""
    version = execution.agent_version if execution.kind == "agent" else execution.version
    subject = execution.subject
    return Subject(subject.slug, version.number if version is not None else 0, subject)


@register.simple_tag
def agent_mark(execution: Execution) -> SafeString:
    """The mark that tells a run of an agent from one of a workflow of the same name."""
    if execution.kind != "agent":
        return SafeString()
    mark = icon("sparkle", "icon-s of-agent")
    return format_html('{}<span class="sr-only">{} </span>', mark, _("agent"))


@register.filter
def event_seq(event: Event) -> int:
    return event.seq


@register.simple_tag
def stops(execution: Execution, step: Step) -> bool:
    """Whether this failed step is why the execution stands still; one that a catch took is not."""
    if execution.phase != Phase.FAILED or step.status != StepStatus.FAILED:
        return False
    stopped_at: frozenset[str] | None = getattr(execution, "stopped_at", None)
    if stopped_at is None:
        stopped_at = queries.stopped_at(execution)
        vars(execution)["stopped_at"] = stopped_at
    return step.path in stopped_at


@register.simple_tag
def opens_at(execution: Execution, step: Step) -> bool:
    """Whether its row is open from the start: where the run stopped, but not what lies around."""
    is_around = step.kind in KINDS and bool(KINDS[step.kind].lists)
    return not is_around and step.superseded_by_id is None and stops(execution, step)


@register.filter
def has_result(step: Step) -> bool:
    """Whether it is a finished call of which a person may say what it gave."""
    is_over = step.seq is not None and step.status in PASSED_STATUSES
    is_agent = step.path.startswith("/turn/")
    return is_over and step.superseded_by_id is None and not amend.why_not(is_agent, step)
