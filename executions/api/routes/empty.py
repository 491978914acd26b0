"""Bodies that may be left out: what counts then."""

from __future__ import annotations

from typing import Any

from ninja.params.functions import Body

from executions.api.schemas import executions, resources

RUN: Any = Body(executions.RunBody())
RETRY: Any = Body(executions.RetryBody())
SKIP: Any = Body(executions.SkipBody())
RECOVER: Any = Body(executions.RecoverBody())
READ: Any = Body(resources.ReadBody())
