"""Changing and removing what was applied: names, labels, instances, whole resources, and runs that
have ended.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import Model, ProtectedError

from executions import audit, clock, policy
from executions.accounts import groups
from executions.errors import Refused
from executions.intake.slugs import slug_of
from executions.models import (
    Agent,
    AgentInstance,
    Execution,
    Skill,
    Workflow,
    WorkflowInstance,
)
from executions.models.transactions import atomic, persistent

log = structlog.get_logger(__name__)
CHANGEABLE = ("name", "description", "visibility", "labels", "annotations", "group")


@persistent
def change(resource: Workflow | Agent | Skill, actor: User, changes: dict[str, Any]) -> None:
    """Change what may change; the slug never does. Raises Refused, and then nothing is changed."""
    check_may_change(resource, actor)
    if "group" in changes:
        changes = changes | {"group": groups.owning(changes["group"], actor)}
    changed = [name for name in CHANGEABLE if name in changes]
    for name in changed:
        setattr(resource, name, changes[name])
    resource.spec_updated_at, resource.spec_updated_by = clock.now(), actor
    try:
        with atomic():
            resource.save(update_fields=[*changed, "spec_updated_at", "spec_updated_by"])
    except IntegrityError:
        raise Refused(
            "conflict",
            f"Another one named {resource.slug} is {changes.get('visibility')} already.",
            remedy="Apply this one under another name.",
        ) from None
    if "group" in changed:
        after = {"group": resource.group.name if resource.group else None}
        audit.record_installation("change owner", resource.slug, actor, after=after)
    log.info("resource changed", resource=resource.public_id, changed=changed, user=actor.pk)


@persistent
def delete(resource: Workflow | Agent, actor: User) -> None:
    """Remove it with its versions and instances.

    Raises Refused (``conflict``) while executions exist.
    """
    check_may_change(resource, actor)
    count = resource.executions.count()
    if count:
        raise _in_use(
            f"{resource.slug} has {count} execution{'s' * (count != 1)}.", "Delete them first."
        )
    count = resource.schedules.count()
    if count:
        raise _in_use(
            f"{resource.slug} has {count} schedule{'s' * (count != 1)}.", "Delete them first."
        )
    with atomic():
        # Its own links would protect what goes with it.
        type(resource)._default_manager.filter(pk=resource.pk).update(
            head_version=None, default_instance=None
        )
        _remove(resource, resource.slug)
    log.info("resource deleted", slug=resource.slug, user=actor.pk)


@persistent
def delete_skill(skill: Skill, actor: User) -> None:
    """Remove it with its versions. The journals of runs keep the text that they read."""
    check_may_change(skill, actor)
    with atomic():
        Skill.objects.filter(pk=skill.pk).update(head_version=None)
        _remove(skill, skill.slug)
    log.info("skill deleted", slug=skill.slug, user=actor.pk)


@persistent
def add_instance(
    parent: Workflow | Agent, actor: User, *, name: str, description: str, default_input: Any
) -> WorkflowInstance | AgentInstance:
    """One more instance of the parent. Raises Refused (``conflict``) where its slug is taken."""
    check_may_change(parent, actor)
    fields = {"slug": slug_of(name), "description": description, "default_input": default_input}
    try:
        with atomic():
            if isinstance(parent, Workflow):
                return WorkflowInstance.objects.create(workflow=parent, **fields)
            return AgentInstance.objects.create(agent=parent, **fields)
    except IntegrityError:
        existing = parent.instances.get(slug=fields["slug"])
        raise Refused(
            "conflict",
            f"{parent.slug} has an instance {existing.slug} already (id: {existing.public_id}).",
            remedy="Choose another name.",
        ) from None


@persistent
def change_instance(
    instance: WorkflowInstance | AgentInstance, actor: User, changes: dict[str, Any]
) -> None:
    check_may_change(parent_of(instance), actor)
    changed = [name for name in ("description", "default_input") if name in changes]
    for name in changed:
        setattr(instance, name, changes[name])
    instance.save(update_fields=changed)


@persistent
def delete_instance(instance: WorkflowInstance | AgentInstance, actor: User) -> None:
    """Remove an instance that was never run. The default one stays: it would be made anew at
    once.
    """
    parent = parent_of(instance)
    check_may_change(parent, actor)
    if parent.default_instance_id == instance.pk:
        raise _in_use(
            f"{instance.slug} is the default instance of {parent.slug}.",
            "Delete the parent instead.",
        )
    _remove(instance, instance.slug)


@persistent
def delete_execution(execution: Execution, actor: User) -> None:
    """Remove a run that has ended, with its history."""
    if not policy.can(actor, "delete", execution):
        raise Refused(
            "forbidden", "You may see this execution, but not delete it.", state=execution.phase
        )
    with atomic():
        locked = Execution.objects.select_for_update(of=("self",)).get(pk=execution.pk)
        if locked.is_active():
            raise Refused(
                "conflict",
                f"It is {locked.phase}; only an execution that has ended can be deleted.",
                state=locked.phase,
                remedy="Cancel or terminate it first.",
            )
        # Its reference stays: an entry refers to nothing that could go.
        audit.record("delete", locked, actor, before=audit.state(locked))
        _remove(locked, locked.slug)
    log.info("execution deleted", execution_id=execution.public_id, user=actor.pk)


def parent_of(instance: WorkflowInstance | AgentInstance) -> Workflow | Agent:
    return instance.workflow if isinstance(instance, WorkflowInstance) else instance.agent


def check_may_change(resource: Workflow | Agent | Skill, actor: User) -> None:
    if not policy.can_change(actor, resource):
        raise Refused(
            "forbidden",
            f"{resource.slug} belongs to {resource.owner}.",
            remedy="Only its owner or an administrator may change it.",
        )


def _remove(row: Model, slug: str) -> None:
    try:
        row.delete()
    except ProtectedError as error:
        count = len(error.protected_objects)
        raise _in_use(
            f"{slug} is in use: {count} executions refer to it.", "Delete them first."
        ) from None


def _in_use(message: str, remedy: str) -> Refused:
    return Refused("conflict", message, remedy=remedy)
