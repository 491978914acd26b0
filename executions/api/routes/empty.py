"""Bodies that may be left out: what counts then."""

from __future__ import annotations

from typing import Any

from ninja.params.functions import Body

from executions.api.schemas import executions, resources

RUN: Any = Body(executions.RunBody())
READ: Any = Body(resources.ReadBody())
