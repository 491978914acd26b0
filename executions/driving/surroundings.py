"""The values that the settings give to the pure rooms: limits for steps, the default retry policy,
secrets, facts.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings

import stigmer_site
from executions import clock, secret_access
from executions.agents.program import AgentProgram
from executions.journal.links import FIRST_FORMAT
from executions.journal.operation import Run
from executions.journal.records import STORED_AS_TEXT, StepRecord
from executions.language import Workflow
from executions.language.walking.backoff import Steps
from executions.language.walking.retry import Policy
from executions.language.walking.scope import AtEdge, Facts
from executions.models import Execution
from executions.secrets import NO_VALUE, Applicant, Seal, Secrets

RUNTIME = {"name": "stigmer", "version": stigmer_site.__version__, "metadata": {}}


def default_policy(delays: Sequence[float]) -> Policy:
    """First attempt and one retry per delay, for transient errors."""
    return Policy(max_retries=len(delays), backoff=Steps(tuple(delays)))


def secrets_for(execution_id: uuid.UUID, workflow: Workflow, author: Applicant | None) -> Secrets:
    """The secrets that this workflow declares and that its author may use.

    Placeholders of older journals are ones that nobody outside can guess.
    """
    nonce = hmac.new(settings.SECRET_KEY.encode(), execution_id.bytes, hashlib.sha256).hexdigest()[
        :20
    ]
    declared = workflow.use.secrets
    if isinstance(workflow, AgentProgram):
        # It reads none; whatever its tools return is searched for each of this server's.
        return Secrets(_known_secrets(), nonce, rules=secret_access.rules())
    if not declared:
        return Secrets({}, nonce)
    values_known, reasons = _known_secrets(), dict[str, str]()
    for name in declared:
        if reason := "" if author is None else secret_access.why_not(name, author):
            reasons[name] = reason
        elif name not in values_known:
            reasons[name] = NO_VALUE
    values = {name: values_known[name] for name in declared if name not in reasons}
    keys = [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
    seal = Seal(keys, execution_id.bytes)
    return Secrets(values, nonce, reasons=reasons, rules=secret_access.rules(), seal=seal)


def open_records(records: Iterable[StepRecord], secrets: Secrets) -> None:
    """Put back what was kept out of the rows: a walk goes on with what the services said."""
    for record in records:
        for name in STORED_AS_TEXT:
            setattr(record, name, secrets.opened(getattr(record, name)))


def run_of(execution: Execution) -> Run:
    """The parts of which the idempotency keys of this run are made."""
    return Run(execution.public_id, execution.generation, execution.journal_format)


def facts_for(execution: Execution, workflow: Workflow, document: Any, secrets: Secrets) -> Facts:
    """The facts that a walk knows of its execution; one that never ran starts now."""
    is_old = execution.journal_format == FIRST_FORMAT
    own = execution.own_workspace
    return Facts(
        execution_id=execution.public_id,
        # As this run follows it.
        definition=document if own is None else {**document, "workspace": own},
        input=execution.input,
        started_at=execution.started_at or clock.now(),
        secrets=secrets.placeholders(workflow.use.secrets) if is_old else {},
        runtime=RUNTIME,
        owner=str(execution.owner_id),
        generation=execution.generation,
        journal_format=execution.journal_format,
        at_edge=None if is_old else AtEdge(secrets.readable(), str(execution.owner_id)),
    )


_known_secrets = secret_access.known_secrets
