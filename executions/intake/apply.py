"""Create a workflow from its text, or give it a new version; the same text changes nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User

from executions import language as definition
from executions import policy, secret_access
from executions.calls.python import functions
from executions.errors import Refused
from executions.intake.people import People
from executions.intake.resources import Opened, Text, store
from executions.intake.slugs import slug_of
from executions.language import Definition
from executions.models import Workflow, WorkflowVersion
from executions.models.outside import outside
from executions.models.workflow import Visibility
from executions.said import Said
from executions.secret_files import SecretsUnreadable
from executions.workspaces import grants


@dataclass(frozen=True, slots=True)
class AppliedWorkflow:
    """``result`` is ``created``, ``updated`` or ``unchanged``."""

    workflow: Workflow
    version: WorkflowVersion
    result: str


def parse(
    text: str, actor: User | None = None, *, visibility: str = Visibility.SHARED
) -> Definition:
    """The text under this installation's limits and functions, with the secrets that ``actor`` may
    use (None: any).

    Its schemas are built and its expressions compiled, which may take seconds: not inside a
    transaction. Raises DefinitionError with every problem.
    """
    known_functions = functions.load_functions(settings.STIGMER_FUNCTION_MODULES)
    refuse = None if actor is None else partial(_why_not, actor, visibility)
    owner = "" if actor is None else str(actor.pk)
    return definition.parse(
        text,
        known_functions=known_functions,
        known_people=People(),
        refuse_secret=refuse,
        owner=owner,
    )


def _why_not(actor: User, visibility: str, workflow: str, secret: str) -> str:
    slug = ""
    with suppress(Refused):
        # A fault of the name is said when the workflow is stored.
        slug = slug_of(workflow)
    try:
        return secret_access.why_not(secret, secret_access.applicant(actor, slug, visibility))
    except SecretsUnreadable as problem:
        remedy = f"Put it right: {problem}." if policy.is_admin(actor) else "Tell an administrator."
        sentence = "Whose the secrets of this server are cannot be read now."
        raise Refused("unavailable", sentence, remedy=remedy) from problem


def apply_definition(
    text: str,
    actor: User,
    *,
    visibility: str = Visibility.SHARED,
    opened: Opened | None = None,
    message: str = "",
) -> AppliedWorkflow:
    """Apply one text in the name of ``actor``, who may have ``opened`` a version to change it;
    ``message`` says what changes.

    Raises DefinitionError or Refused; then nothing is stored.
    """
    parsed = outside(
        ("definition", text, actor.pk, visibility),
        partial(parse, text, actor, visibility=visibility),
    )
    document = parsed.workflow.document
    name = document.title or document.name
    new = Workflow(slug=slug_of(document.name), name=name, owner=actor, visibility=visibility)
    new.namespace = document.namespace

    def describe(workflow: Workflow) -> None:
        workflow.name, workflow.description = name, document.summary or ""
        # The DSL's tags have keys and values.
        workflow.labels, workflow.annotations = document.tags, document.metadata

    warnings = [str(warning) for warning in parsed.warnings]
    accepted = Text(parsed.source, parsed.document, parsed.digest, warnings)
    grants.check(parsed.document, new.slug)
    check = partial(_check_namespace, document.namespace)
    applied = store(
        new, accepted, actor, describe=describe, check=check, opened=opened, message=message
    )
    assert isinstance(applied.version, WorkflowVersion)
    return AppliedWorkflow(applied.resource, applied.version, applied.result)


def _check_namespace(namespace: str, workflow: Workflow) -> None:
    if workflow.namespace != namespace:
        raise Refused(
            "conflict",
            Said(
                "A workflow named {workflow} is in the namespace {namespace!r} already.",
                workflow=workflow.slug,
                namespace=workflow.namespace,
            ),
            remedy=Said(
                "Use that namespace, or another name for the one in {namespace!r}.",
                namespace=namespace,
            ),
        )
