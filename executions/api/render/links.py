"""Addresses of the API, as its answers carry them."""

from __future__ import annotations

from executions.api.schemas.shared import Links
from executions.models import Execution

BASE = "/api/v1"


def of_execution(execution: Execution) -> Links:
    here = f"{BASE}/{execution.kind}-executions/{execution.public_id}"
    more = {name: f"{here}/{name}" for name in ("steps", "events", "checkpoints")}
    return Links(self=here, **more, page=f"/executions/{execution.public_id}/")


def of_resource(kind: str, public_id: str) -> Links:
    here = f"{BASE}/{kind}s/{public_id}"
    if kind == "skill":
        return Links(self=here, versions=f"{here}/versions")
    return Links(
        self=here, versions=f"{here}/versions", instances=f"{here}/instances", run=f"{here}/run"
    )


def to(path: str, **more: str) -> Links:
    return Links(self=f"{BASE}{path}", **{name: f"{BASE}{value}" for name, value in more.items()})
