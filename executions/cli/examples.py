"""The examples: `stigmer up` applies them once, for everybody, in the name of the administrator.
It declares the demonstration model too, which the example agent asks.

Applying is repeated at each start without harm: an example that somebody has changed, and one whose
name is taken by a workflow of somebody else, is left alone.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import structlog
from django.conf import settings
from django.contrib.auth.models import User

from executions.demo.model import MODEL_NAME
from executions.errors import StigmerError
from executions.intake.agents import apply_agent
from executions.intake.apply import apply_definition
from executions.language import DefinitionError
from executions.models import Agent, LanguageModel, Workflow
from executions.models.workflow import Visibility
from stigmer_site.assets import EXAMPLES

WRITTEN_ADDRESS = "http://127.0.0.1:8001"
MARK = "stigmer.example"
log = structlog.get_logger(__name__)


def texts() -> dict[str, str]:
    """The examples by name (which is the slug of the workflow), written for the demo shop's
    port.
    """
    address = f"http://127.0.0.1:{settings.STIGMER_DEMO_PORT}"
    return {
        path.stem: path.read_text().replace(WRITTEN_ADDRESS, address)
        for path in sorted(EXAMPLES.glob("*.yaml"))
    }


def agents() -> dict[str, str]:
    """The example agents by slug."""
    return {path.stem: path.read_text() for path in sorted((EXAMPLES / "agents").glob("*.yaml"))}


def declare_model() -> None:
    """The demonstration model, at the demo shop's port. One that an administrator made under its
    name is left alone.
    """
    address = f"http://127.0.0.1:{settings.STIGMER_DEMO_PORT}/v1"
    model, is_new = LanguageModel.objects.get_or_create(
        name=MODEL_NAME,
        defaults={
            "address": address,
            "remote_name": MODEL_NAME,
            "input_price": "0",
            "output_price": "0",
            "is_demonstration": True,
        },
    )
    if model.is_demonstration and model.address != address and not is_new:
        LanguageModel.objects.filter(pk=model.pk).update(address=address)


def take_model_away() -> None:
    """Without the demonstration its model does not exist either."""
    LanguageModel.objects.filter(is_demonstration=True).delete()


def apply_once() -> list[str]:
    """Apply what is new or renewed; the slugs of those.

    An example that cannot be applied is a warning in the log.
    """
    provide_files(settings.STIGMER_HOME / "imports")
    admin = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if admin is None:
        log.info("examples were not applied: there is no administrator to own them")
        return []
    return [slug for slug, text in texts().items() if _apply(slug, text, admin)]


def apply_agents_once() -> list[str]:
    """The same of the example agents, with the model that they ask."""
    declare_model()
    admin = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if admin is None:
        return []
    return [slug for slug, text in agents().items() if _apply_agent(slug, text, admin)]


def provide_files(folder: Path) -> None:
    """The files that the examples read, where they are not there yet; a person may have changed
    one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in (EXAMPLES / "data").iterdir():
        if not (folder / source.name).exists():
            shutil.copyfile(source, folder / source.name)


def _apply(slug: str, text: str, admin: User) -> bool:
    existing = (
        Workflow.objects.select_related("head_version")
        .filter(slug=slug, visibility=Visibility.SHARED)
        .first()
    )
    return _applied(
        existing, slug, text, lambda: apply_definition(text, _owner(existing, admin)).workflow
    )


def _apply_agent(slug: str, text: str, admin: User) -> bool:
    existing = (
        Agent.objects.select_related("head_version")
        .filter(slug=slug, visibility=Visibility.SHARED)
        .first()
    )
    return _applied(existing, slug, text, lambda: apply_agent(text, _owner(existing, admin)).agent)


def _owner(existing: Workflow | Agent | None, admin: User) -> User:
    return existing.owner if existing else admin


def _applied(
    existing: Workflow | Agent | None,
    slug: str,
    text: str,
    apply: Callable[[], Workflow | Agent],
) -> bool:
    digest = hashlib.sha256(text.encode()).hexdigest()
    if existing is not None:
        head = existing.head_version.digest if existing.head_version else ""
        if head == digest or existing.annotations.get(MARK) != head:
            return False
    try:
        applied = apply()
    except (DefinitionError, StigmerError) as problem:
        log.warning("example was not applied", example=slug, problem=str(problem))
        return False
    annotations = {**applied.annotations, MARK: digest}
    type(applied)._default_manager.filter(pk=applied.pk).update(annotations=annotations)
    return True
