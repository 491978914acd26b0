"""Applying a text, whatever it describes: create the resource, give it a new version, or change
nothing.

One piece of code for workflows, agents and skills. The default instance of the first two is made
and linked with the resource, and healed when the same text is applied again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import structlog
from django.contrib.auth.models import User

from executions import clock, policy
from executions.errors import Refused
from executions.intake import default_child
from executions.models import (
    Agent,
    AgentVersion,
    Skill,
    SkillVersion,
    Workflow,
    WorkflowVersion,
)
from executions.models.resource import LONGEST_MESSAGE, Visibility
from executions.models.transactions import atomic, persistent
from executions.said import Said

R = TypeVar("R", Workflow, Agent, Skill)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Text:
    """A definition's text that was found good. ``digest`` is its SHA-256 in hex."""

    source: str
    document: dict[str, Any]
    digest: str
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Applied(Generic[R]):
    """``result`` is ``created``, ``updated`` or ``unchanged``."""

    resource: R
    version: WorkflowVersion | AgentVersion | SkillVersion
    result: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The resource, and the number of its version, that somebody opened to change it."""

    id: uuid.UUID
    number: int


class Described(Protocol):
    """The text of an agent or of a skill, as far as it describes itself."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def labels(self) -> dict[str, str]: ...
    @property
    def tags(self) -> list[str]: ...
    @property
    def annotations(self) -> dict[str, Any]: ...


def described_by(document: Described) -> Callable[[Agent | Skill], None]:
    """Writes into a row how its text describes itself, for ``store``."""

    def describe(row: Agent | Skill) -> None:
        row.name, row.description = document.name, document.description
        row.labels, row.tags = document.labels, document.tags
        row.annotations = document.annotations

    return describe


@persistent
def store(
    new: R,
    text: Text,
    actor: User,
    *,
    describe: Callable[[R], None],
    check: Callable[[R], None] | None = None,
    opened: Opened | None = None,
    message: str = "",
) -> Applied[R]:
    """Store ``text`` as the head version of the resource with ``new``'s slug and visibility,
    ``new`` itself where there is none yet. ``describe`` copies the text's words onto it, ``check``
    may refuse an existing one. ``message`` says what the new version changes. If it was ``opened``
    it has to be that one still, and to stand at that version (else ``stale``).

    Raises Refused; then nothing is stored.
    """
    kind, message = type(new).__name__.lower(), _checked(message)
    with atomic():
        if opened is None:
            resource, is_new = _found_or_made(new)
        else:
            resource, is_new = _found_opened(new, opened, kind), False
        if not is_new:
            _check_may_change(resource, actor, kind)
            if check is not None:
                check(resource)
        head = resource.head_version
        is_same = head is not None and head.digest == text.digest
        if opened is not None and not is_same:
            _check_stands(resource, opened)
        version = (
            head
            if head is not None and is_same
            else _add_version(resource, text, actor, describe, message)
        )
        if not isinstance(resource, Skill):
            default_child.ensure(_default_of(resource))
    result = "created" if is_new else "unchanged" if is_same else "updated"
    log.info(
        f"{kind} applied", slug=resource.slug, version=version.number, result=result, user=actor.pk
    )
    return Applied(resource, version, result)


def _checked(message: str) -> str:
    """On one line. Raises Refused where it is too long."""
    on_one_line = " ".join(message.split())
    if len(on_one_line) > LONGEST_MESSAGE:
        raise Refused(
            "invalid",
            Said(
                "The message of the version has {number} characters; {most} are allowed.",
                number=len(on_one_line),
                most=LONGEST_MESSAGE,
            ),
            remedy="Shorten it. Nothing was applied.",
        )
    return on_one_line


def _found_opened(new: R, opened: Opened, kind: str) -> R:
    """Locked; it keeps its owner and who may see it. Raises Refused."""
    resource = type(new)._default_manager.select_for_update().filter(pk=opened.id).first()
    if resource is None:
        raise Refused("not_found", Said("The {kind} is not there any more.", kind=Said(kind)))
    if resource.slug != new.slug:
        raise Refused(
            "invalid",
            Said(
                "The text names another {kind}, {other}, than {found}, which you change here.",
                kind=Said(kind),
                other=new.slug,
                found=resource.slug,
            ),
            remedy="Give it its name back, or apply the text as a new one.",
        )
    return resource


def _check_stands(resource: Workflow | Agent | Skill, opened: Opened) -> None:
    """Raises Refused where another version was applied since it was opened."""
    head = resource.head_version
    number = 0 if head is None else head.number
    if number != opened.number:
        author = "" if head is None else f" by {head.created_by.get_username()}"
        raise Refused(
            "stale",
            Said(
                "Version {number} was applied{who} since you opened version {opened}.",
                number=number,
                who=author,
                opened=opened.number,
            ),
            remedy="Look at what changed, then decide again.",
        )


def _found_or_made(new: R) -> tuple[R, bool]:
    """Locked, so that two who apply at once get two numbers."""
    resource = _find(new)
    if resource is not None:
        return resource, False
    if default_child.created_once(lambda: _inserted(new)) is not None:
        return new, True
    resource = _find(new)
    assert resource is not None, "the database calls it a duplicate and does not have it"
    return resource, False


def _find(new: R) -> R | None:
    # The head version is read after the lock is held: joined in one query, PostgreSQL gives the one
    # of before the wait.
    rows = (
        type(new)
        ._default_manager.select_for_update()
        .filter(slug=new.slug, visibility=new.visibility)
    )
    if new.visibility == Visibility.PRIVATE:
        rows = rows.filter(owner=new.owner)
    return rows.first()


def _inserted(new: R) -> R:
    new.save(force_insert=True)
    return new


def _check_may_change(resource: Workflow | Agent | Skill, actor: User, kind: str) -> None:
    if not policy.can_change(actor, resource):
        raise Refused(
            "forbidden",
            Said(
                "The {kind} {name} belongs to {owner}.",
                kind=Said(kind),
                name=resource.slug,
                owner=resource.owner,
            ),
            remedy="Only its owner or an administrator may change it; give yours another name.",
        )


def _add_version(
    resource: Any, text: Text, actor: User, describe: Callable[[Any], None], message: str
) -> Any:
    """The wish (spec) is dated here; what the system observes (status) is dated where it is
    linked.
    """
    number = (resource.head_version.number if resource.head_version else 0) + 1
    version = resource.versions.create(
        number=number,
        source=text.source,
        document=text.document,
        digest=text.digest,
        warnings=text.warnings,
        message=message,
        created_by=actor,
    )
    describe(resource)
    resource.head_version = version
    resource.spec_updated_at, resource.spec_updated_by = clock.now(), actor
    described = ["name", "description", "labels", "tags", "annotations"]
    resource.save(update_fields=["head_version", "spec_updated_at", "spec_updated_by", *described])
    return version


def _default_of(resource: Workflow | Agent) -> default_child.DefaultChild[Any]:
    if isinstance(resource, Workflow):
        return default_child.of_workflow(resource)
    return default_child.of_agent(resource)
