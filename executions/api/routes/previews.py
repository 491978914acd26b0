"""Previews of verbs: GET the address to which one is posted. Nothing is changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from executions import showing
from executions.api import finding
from executions.api.credentials import READ, person
from executions.api.schemas import previews as shapes
from executions.states import Phase
from executions.verbs.deciding import foreseen, override, restore, upgrade
from executions.verbs.deciding.opening import check_allowed

Version = Annotated[
    int, Query(ge=1, le=2**31 - 1, description="The version of the workflow to go on with.")
]
Checkpoint = Annotated[
    int, Query(ge=0, le=2**53, description="The sequence of the checkpoint; 0 is the beginning.")
]


Call = Annotated[int, Query(ge=1, le=2**53, description="The sequence of the finished call.")]


def add_previews(router: Router, kind: str) -> None:
    """GET of override, fork, amend and undo-restore; and of recover and restore, where a run
    follows a definition.
    """

    @router.get(
        "/{execution_id}/override",
        auth=READ,
        response=shapes.OverridePreview,
        operation_id=f"preview-override-{kind}-execution",
        summary="List the phases that it may be put into",
    )
    def choices(request: HttpRequest, execution_id: str) -> shapes.OverridePreview:
        """Administrators only."""
        execution = finding.execution(person(request), execution_id, kind)
        check_allowed(execution, person(request), override.VERB)
        return shapes.OverridePreview(
            seq=execution.head_seq,
            phase=Phase(execution.phase),
            choices=override.choices(execution),
        )

    _add_preview_of_fork(router, kind)
    _add_previews_of_edits(router, kind)
    if kind == "workflow":
        _add_previews_of_steps(router)


def _add_previews_of_steps(router: Router) -> None:
    @router.get(
        "/{execution_id}/recover",
        auth=READ,
        response=shapes.RecoverPreview,
        operation_id="preview-recover-workflow-execution",
        summary="Preview going on with another version",
    )
    def recover(request: HttpRequest, execution_id: str, version: Version) -> shapes.RecoverPreview:
        """Which recorded steps do not fit, which run again, and how it would go on.

        Only from FAILED.
        """
        execution = finding.execution(person(request), execution_id, "workflow")
        preview = upgrade.preview(execution.pk, person(request), version)
        return shapes.RecoverPreview(**showing.value(asdict(preview)), fits=preview.fits)

    @router.get(
        "/{execution_id}/restore",
        auth=READ,
        response=shapes.RestorePreview,
        operation_id="preview-restore-workflow-execution",
        summary="Preview going back to a checkpoint",
    )
    def restored(
        request: HttpRequest, execution_id: str, checkpoint_seq: Checkpoint
    ) -> shapes.RestorePreview:
        """Which steps run again, and which effects may repeat. Support and administrators only."""
        execution = finding.execution(person(request), execution_id, "workflow")
        return shapes.RestorePreview(
            **showing.value(asdict(restore.preview(execution.pk, person(request), checkpoint_seq)))
        )


def _add_preview_of_fork(router: Router, kind: str) -> None:
    @router.get(
        "/{execution_id}/fork",
        auth=READ,
        response=shapes.ForkPreview,
        operation_id=f"preview-fork-{kind}-execution",
        summary="Preview a new run from a checkpoint",
    )
    def forked(
        request: HttpRequest, execution_id: str, checkpoint_seq: Checkpoint
    ) -> shapes.ForkPreview:
        """With what the new run begins, which steps run again in it, and which effects may repeat.

        Another result of the checkpoint is checked when it is sent.
        """
        execution = finding.execution(person(request), execution_id, kind)
        preview = foreseen.of_fork(execution.pk, person(request), checkpoint_seq)
        return shapes.ForkPreview(**showing.value(asdict(preview)))


def _add_previews_of_edits(router: Router, kind: str) -> None:
    @router.get(
        "/{execution_id}/amend",
        auth=READ,
        response=shapes.AmendPreview,
        operation_id=f"preview-amend-{kind}-execution",
        summary="Preview another result of a call",
    )
    def amended(request: HttpRequest, execution_id: str, step_seq: Call) -> shapes.AmendPreview:
        """Which steps run again after it, and which effects may repeat.

        The other result is checked when it is sent.
        """
        execution = finding.execution(person(request), execution_id, kind)
        preview = foreseen.of_amend(execution.pk, person(request), step_seq)
        return shapes.AmendPreview(**showing.value(asdict(preview)))

    @router.get(
        "/{execution_id}/undo-restore",
        auth=READ,
        response=shapes.UndoPreview,
        operation_id=f"preview-undo-restore-{kind}-execution",
        summary="Preview taking the latest restore back",
    )
    def undone(request: HttpRequest, execution_id: str) -> shapes.UndoPreview:
        """Which steps stand again, and which are set aside. Support and administrators only."""
        execution = finding.execution(person(request), execution_id, kind)
        preview = foreseen.of_undo(execution.pk, person(request))
        return shapes.UndoPreview(**showing.value(asdict(preview)))
