"""Workspaces and artifacts: where runs work, what they changed, and the files that they left."""

from __future__ import annotations

from django.contrib import admin

from executions.admin.access import Looking
from executions.admin.large import one_of
from executions.models import Artifact, Workspace
from executions.models.workspace import WorkspaceState


@admin.register(Workspace)
class WorkspaceAdmin(Looking):
    list_display = ("public_id", "execution", "state", "host", "repository", "keep_until")
    list_filter = (one_of("state", WorkspaceState.values),)
    list_select_related = ("execution",)
    sortable_by = ()
    fields = (
        "execution",
        "state",
        "host",
        "path",
        "repository",
        "branch",
        "start_commit",
        "end_commit",
        "files_changed",
        "insertions",
        "deletions",
        "uncommitted",
        "size_bytes",
        "is_persistent",
        "keep_until",
        "handed_to",
        "problem",
        "created_at",
        "examined_at",
        "removed_at",
    )


@admin.register(Artifact)
class ArtifactAdmin(Looking):
    list_display = ("name", "execution", "size", "created_at")
    list_select_related = ("execution",)
    sortable_by = ()
    fields = ("execution", "path", "name", "digest", "size", "created_at")
