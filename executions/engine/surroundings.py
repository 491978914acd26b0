"""What the settings give to the pure rooms: limits for steps, the default retry policy, secrets, facts."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings

import stigmer_site
from executions import clock
from executions.definition import Workflow
from executions.engine.backoff import Steps
from executions.engine.operation import Run
from executions.engine.retry import Policy
from executions.engine.scope import Facts
from executions.models import Execution
from executions.secret_files import load_secrets
from executions.secrets import Secrets

RUNTIME = {"name": "stigmer", "version": stigmer_site.__version__, "metadata": {}}


def default_policy() -> Policy:
    """First attempt and one retry per delay of STIGMER_RETRY_DELAYS, for transient errors."""
    delays = tuple(settings.STIGMER_RETRY_DELAYS)
    return Policy(
        max_retries=len(delays), backoff=Steps(delays), retry_after_cap_seconds=settings.STIGMER_RETRY_AFTER_SECONDS
    )


def limits(uri_variables: Mapping[str, Any] | None) -> dict[str, Any]:
    """What step kinds read from ``StepContext.limits``."""
    return {
        "http_allowed_hosts": settings.STIGMER_HTTP_ALLOWED_HOSTS,
        "http_only_hosts": settings.STIGMER_HTTP_ONLY_HOSTS,
        "http_allowed_ports": settings.STIGMER_HTTP_ALLOWED_PORTS,
        "http_response_bytes": settings.STIGMER_HTTP_RESPONSE_BYTES,
        "uri_variables": uri_variables,
    }


def secrets_for(execution_id: uuid.UUID, workflow: Workflow) -> Secrets:
    """The secrets that this workflow declares, behind placeholders that nobody outside can guess."""
    nonce = hmac.new(settings.SECRET_KEY.encode(), execution_id.bytes, hashlib.sha256).hexdigest()[:20]
    known = _known_secrets()
    declared = {name: known[name] for name in workflow.use.secrets if name in known}
    return Secrets(declared, nonce)


def run_of(execution: Execution) -> Run:
    """What the idempotency keys of this run are made of."""
    return Run(execution.public_id, execution.generation, execution.journal_format)


def facts_for(execution: Execution, workflow: Workflow, document: Any, secrets: Secrets) -> Facts:
    """What a walk knows of the execution that it walks; one that never ran starts now."""
    return Facts(
        execution_id=execution.public_id,
        definition=document,
        input=execution.input,
        started_at=execution.started_at or clock.now(),
        secrets=secrets.placeholders(workflow.use.secrets),
        runtime=RUNTIME,
        expression_seconds=settings.STIGMER_EXPRESSION_SECONDS,
        generation=execution.generation,
        journal_format=execution.journal_format,
    )


@lru_cache(maxsize=1)
def _known_secrets() -> Mapping[str, Any]:
    import os

    return load_secrets(settings.STIGMER_SECRETS_FILE, os.environ)
