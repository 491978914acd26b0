"""Reading runs of an archive, or of an export, into this installation: copies that call nothing.

A run that had ended keeps the phase in which it did. One that was under way comes PAUSED, and goes
on only if somebody resumes it. Ids are new; the old one is kept beside. Subscriptions, waits and
deliveries of the other installation are not taken along.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import models

from executions import audit, clock, policy
from executions.driving import chain, report
from executions.errors import Refused
from executions.ids import uuid7
from executions.intake.agents import apply_agent
from executions.intake.apply import apply_definition
from executions.journal.events import EventName
from executions.models import (
    AgentMessage,
    AgentRun,
    AgentToolCall,
    AgentVersion,
    Ask,
    Attempt,
    Event,
    Execution,
    ImportedExecution,
    LateAnswer,
    Step,
    StoredValue,
    WorkflowVersion,
)
from executions.models.fields import JsonField, StoredText
from executions.models.transactions import atomic
from executions.retention.format import ArchiveUnreadable, lines, text_of, verify
from executions.states import ENDED_PHASES, Phase

# In the order in which they are written.
TABLES: dict[str, type[models.Model]] = {
    model._meta.label_lower: model
    for model in (
        Execution,
        AgentRun,
        Step,
        StoredValue,
        Event,
        Ask,
        LateAnswer,
        AgentMessage,
        AgentToolCall,
        Attempt,
    )
}
AT_ONCE = 200
# Columns about the process that drove it, or about what is to come.
_FORGOTTEN = (
    "process_id",
    "left_by_id",
    "session_id",
    "wake_at",
    "rung_at",
    "kept_by",
    "crashes",
    "cancel_asked_at",
    "pause_asked_at",
    "timeout_at",
    "runner_due_at",
    "runner_silent_at",
)
Versions = WorkflowVersion | AgentVersion


@dataclass(frozen=True, slots=True)
class Listed:
    """One run of a file."""

    id: str
    name: str
    phase: str
    owner: str
    subject: str
    version: str


@dataclass(frozen=True, slots=True)
class Imported:
    """``from_id`` is what it was called; ``is_whole``: its journal is what was written."""

    execution: Execution
    from_id: str
    is_whole: bool


@dataclass(slots=True)
class _Place:
    """The knowledge about a file while it is read."""

    actor: User
    file: str
    applies: bool
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    redacted: set[str] = field(default_factory=set)
    keys: dict[tuple[type[models.Model], str], uuid.UUID] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)

    def key(self, model: type[models.Model], old: Any) -> uuid.UUID:
        """The new id of a row."""
        return self.keys.setdefault((model, str(old)), uuid7())


def listed(path: Path) -> Iterator[Listed]:
    """The runs of a file, as it names them. Raises ArchiveUnreadable."""
    for _, entry in lines(path):
        if entry["t"] == "run":
            names = ("id", "name", "phase", "owner", "subject", "version")
            yield Listed(**{name: str(entry.get(name, "")) for name in names})


def import_runs(
    path: Path,
    actor: User,
    *,
    only: str = "",
    applies: bool = False,
    trusts: bool = False,
) -> list[Imported]:
    """Read the runs of a file (``only`` the one of this id) in one transaction each.

    ``applies``: definitions that are missing here are applied in the name of ``actor``; ``trusts``:
    a file of another installation is read, whose signature nobody here can check. Raises
    ArchiveUnreadable and Refused; what was imported before stays.
    """
    if not verify(path).is_ours and not trusts:
        raise Refused(
            "conflict",
            f"{path.name} was signed by another installation: nobody here can tell who wrote it.",
            remedy="Add --foreign if you know its origin.",
        )
    place = _Place(actor, path.name, applies)
    _look_ahead(path, place)
    imported, rows, run = [], list[tuple[str, dict[str, Any]]](), dict[str, Any]()
    for _, entry in lines(path):
        if entry["t"] == "run":
            run, rows = entry, []
        elif entry["t"] == "end" and (not only or run["id"] == only):
            imported.append(_imported(place, run, rows))
        elif "row" in entry and (not only or run["id"] == only):
            rows.append((entry["t"], entry["row"]))
    if not imported:
        raise Refused("not_found", f"{path.name} holds no run {only or 'at all'}.")
    return imported


def _look_ahead(path: Path, place: _Place) -> None:
    """The values that stand behind the rows that need them."""
    for _, entry in lines(path):
        if entry["t"] == "end":
            place.people[entry["id"]] = entry["people"]
            if entry.get("redacted"):
                place.redacted.add(entry["id"])
        elif entry["t"] == "definition":
            place.sources[entry["digest"]] = entry


def _imported(
    place: _Place, run: dict[str, Any], rows: list[tuple[str, dict[str, Any]]]
) -> Imported:
    owner = User.objects.filter(username=run["owner"], is_active=True).first() or place.actor
    version = _version(place, run)
    people = _People(place.people.get(run["id"], {}))
    is_redacted = run["id"] in place.redacted
    with atomic():
        by_model: dict[type[models.Model], list[models.Model]] = {}
        for name, row in rows:
            model = TABLES.get(name)
            if model is not None and (record := _row(place, people, model, row)) is not None:
                by_model.setdefault(model, []).append(record)
        (execution,) = by_model.pop(Execution)
        assert isinstance(execution, Execution)
        _settle(execution, owner, version)
        events = _told(execution, place, run["id"])
        execution.save(force_insert=True)
        for model in TABLES.values():
            model._base_manager.bulk_create(by_model.get(model, ()), batch_size=AT_ONCE)
        Event.objects.bulk_create(events)
        ImportedExecution.objects.create(
            execution=execution,
            from_id=run["id"],
            file=place.file[:200],
            by=place.actor.get_username(),
            at=clock.now(),
        )
        broken = chain.verify(execution)
        if broken is not None and not is_redacted:
            raise Refused(
                "corrupt",
                f"The journal of {run['id']} is not what was written: {broken}.",
                remedy="Nothing of this run was imported.",
            )
        after = {"from": run["id"], "file": place.file[:200], "phase": str(execution.phase)}
        audit.record("import", execution, place.actor, after=after)
    return Imported(execution, run["id"], broken is None)


class _People:
    """The people behind the numbers of the installation that wrote the file, by their names."""

    def __init__(self, names: dict[str, str]) -> None:
        users = User.objects.filter(username__in=names.values())
        by_name = {user.get_username(): user.pk for user in users}
        self._keys = {old: by_name.get(name) for old, name in names.items()}

    def key(self, old: Any) -> int | None:
        return self._keys.get(str(old))


def _row(
    place: _Place, people: _People, model: type[models.Model], row: dict[str, Any]
) -> models.Model | None:
    """A row as it was, with new keys; None where it refers to what is not here and needs it."""
    values: dict[str, Any] = {}
    for column in model._meta.concrete_fields:
        name = column.attname
        if name not in row:
            continue
        value = row[name]
        if isinstance(column, JsonField):
            text = text_of(value)
            values[name] = None if text is None else StoredText(text)
        elif column.is_relation:
            key = _reference(place, people, column.related_model, value)
            if value is not None and key is None and not column.null:
                return None
            values[name] = key
        elif column.primary_key:
            if isinstance(column, models.UUIDField):
                values[name] = place.key(model, value)
        else:
            values[name] = _plain(column, value)
    return model(**values)


def _plain(column: models.Field[Any, Any], value: Any) -> Any:
    if isinstance(column, models.DateTimeField):
        return None if value is None else datetime.fromisoformat(value)
    return column.to_python(value)


def _reference(place: _Place, people: _People, model: Any, value: Any) -> Any:
    if value is None:
        return None
    if model is User:
        return people.key(value)
    if model is AgentRun or model is Execution or model._meta.label_lower in TABLES:
        target = Execution if model is AgentRun else model
        is_known = (target, str(value)) in place.keys or target is Step
        return place.key(target, value) if is_known else None
    return None


def _settle(execution: Execution, owner: User, version: Versions) -> None:
    """The columns that are the copy's own."""
    for name in _FORGOTTEN:
        setattr(execution, name, None)
    execution.owner, execution.alone, execution.waiting_for = owner, False, ""
    execution.slug = f"{execution.slug[:300]}-{str(execution.pk)[-12:]}"
    if execution.parent_id is None:
        execution.is_awaited, execution.parent_key = False, ""
    execution.workflow = execution.version = execution.instance = None
    execution.agent = execution.agent_version = execution.agent_instance = None
    if isinstance(version, AgentVersion):
        execution.agent, execution.agent_version = version.agent, version
        execution.agent_instance = version.agent.default_instance
    else:
        execution.workflow, execution.version = version.workflow, version
        execution.instance = version.workflow.default_instance
    if Phase(execution.phase) not in ENDED_PHASES:
        execution.phase = Phase.PAUSED


def _told(execution: Execution, place: _Place, from_id: str) -> list[Event]:
    """The event of the history about it."""
    now, names = clock.now(), [EventName.IMPORTED]
    if execution.phase == Phase.PAUSED:
        # The time limits count from here on.
        names.append(EventName.PAUSED)
    events = []
    for name in names:
        execution.head_seq += 1
        more = {"from": from_id, "file": place.file[:200]} if name is EventName.IMPORTED else {}
        record = report.plain(name, execution, now, place.actor.pk, **more)
        events.append(
            Event(
                execution_id=execution.pk,
                seq=execution.head_seq,
                name=str(name),
                payload=record.payload,
                actor=place.actor,
                created_at=now,
                sent_at=now,
            )
        )
    return events


def _version(place: _Place, run: dict[str, Any]) -> Versions:
    """The definition that the run ran, word by word. Raises Refused."""
    digest, subject = str(run["version"]), str(run["subject"])
    is_agent = str(run["id"]).startswith("aex-")
    existing: Versions | None
    if is_agent:
        agents = policy.visible_agents(place.actor)
        existing = (
            AgentVersion.objects.filter(digest=digest, agent__in=agents).order_by("-pk").first()
        )
    else:
        workflows = policy.visible_workflows(place.actor)
        versions = WorkflowVersion.objects.filter(digest=digest, workflow__in=workflows)
        existing = versions.order_by("-pk").first()
    if existing is not None:
        return existing
    source = place.sources.get(digest)
    if source is None or not place.applies:
        raise Refused(
            "conflict",
            f"What {run['id']} ran, {subject!r} with the digest {digest[:12]}, is not here.",
            remedy="Apply that version first, or add --apply: the file holds its text.",
        )
    apply = apply_agent if is_agent else apply_definition
    applied: Any = apply(source["source"], place.actor)
    version: Versions = applied.version
    if version.digest != digest:
        raise ArchiveUnreadable(f"{place.file}: the text of {subject!r} is not what was run.")
    return version
