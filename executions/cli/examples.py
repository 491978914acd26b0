"""The example workflows: `stigmer up` applies them once, for everybody, in the name of the
administrator.

Applying is repeated at each start without harm: an example that somebody has changed, and one whose
name is taken by a workflow of somebody else, is left alone.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import structlog
from django.conf import settings
from django.contrib.auth.models import User

from executions.errors import StigmerError
from executions.intake.apply import apply_definition
from executions.language import DefinitionError
from executions.models import Workflow
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


def provide_files(folder: Path) -> None:
    """The files that the examples read, where they are not there yet; a person may have changed
    one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in (EXAMPLES / "data").iterdir():
        if not (folder / source.name).exists():
            shutil.copyfile(source, folder / source.name)


def _apply(slug: str, text: str, admin: User) -> bool:
    known = (
        Workflow.objects.select_related("head_version")
        .filter(slug=slug, visibility=Visibility.SHARED)
        .first()
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    if known is not None:
        head = known.head_version.digest if known.head_version else ""
        if head == digest or known.annotations.get(MARK) != head:
            return False
    try:
        applied = apply_definition(text, known.owner if known else admin)
    except (DefinitionError, StigmerError) as problem:
        log.warning("example was not applied", example=slug, problem=str(problem))
        return False
    annotations = {**applied.workflow.annotations, MARK: digest}
    Workflow.objects.filter(pk=applied.workflow.pk).update(annotations=annotations)
    return True
