"""From what stands in an address to a record that the caller may see.

Everything else is the same 404.
"""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db.models import QuerySet

from executions import policy, sight
from executions.api.problems import Problem
from executions.api.refusals import not_found
from executions.ids import parse_public_id
from executions.models import Agent, Execution, Session, Skill, Workflow
from executions.models.resource import KnownResource, meant_by

PREFIXES = {"workflow": "wex", "agent": "aex"}


def execution(user: User, public_id: str, kind: str) -> Execution:
    """An execution of this kind, with what its representation names."""
    key = parse_public_id(public_id, PREFIXES[kind])
    rows = policy.visible_executions(user).filter(kind=kind)
    related = (
        "owner",
        "workflow",
        "instance",
        "version",
        "agent",
        "agent_instance",
        "agent_version",
        "session",
    )
    run = rows.select_related(*related).filter(pk=key).first() if key else None
    if run is None:
        raise _missing(user, key, kind, public_id)
    sight.look(user, run)
    return run


def _missing(user: User, key: uuid.UUID | None, kind: str, public_id: str) -> Problem:
    mark = policy.visible_marks(user).filter(pk=key, kind=kind).first() if key else None
    if mark is None:
        return not_found(f"There is no {kind} execution {shown(public_id)}.")
    pruned_on, archive = f"{mark.pruned_at:%Y-%m-%d}", f"{mark.archive.name} on {mark.archive.host}"
    return not_found(
        f"{public_id} was archived on {pruned_on}, in {archive}.",
        f"On that server, `stigmer import FILE --id {public_id} --as NAME` reads it back.",
    )


def workflow(user: User, ref: str) -> Workflow:
    """A workflow by its id or slug."""
    return _resource(policy.visible_workflows(user), user, ref, "wfl", "workflow")


def agent(user: User, ref: str) -> Agent:
    """An agent by its id or slug."""
    return _resource(policy.visible_agents(user), user, ref, "agt", "agent")


def skill(user: User, ref: str) -> Skill:
    """A skill by its id or slug."""
    return _resource(policy.visible_skills(user), user, ref, "skl", "skill")


def session(user: User, public_id: str) -> Session:
    key = parse_public_id(public_id, "ses")
    row = (
        policy.visible_sessions(user).select_related("agent", "owner").filter(pk=key).first()
        if key
        else None
    )
    if row is None:
        raise not_found(f"There is no session {shown(public_id)}.")
    return row


def _resource(
    rows: QuerySet[KnownResource, KnownResource], user: User, ref: str, prefix: str, noun: str
) -> KnownResource:
    linked = () if prefix == "skl" else ("default_instance",)
    rows = rows.select_related("owner", "head_version", "spec_updated_by", "group", *linked)
    key = parse_public_id(ref, prefix)
    resource = meant_by(rows, user, ref) if key is None else rows.filter(pk=key).first()
    if resource is None:
        raise not_found(f"There is no {noun} {shown(ref)}.")
    return resource


def number(key: uuid.UUID | None, noun: str, public_id: str) -> uuid.UUID:
    """The key, or the 404 of a text that is no id."""
    if key is None:
        raise not_found(f"There is no {noun} {shown(public_id)}.")
    return key


def shown(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"
