"""How a person reads a run: whole, or with sensitive values masked.

The policy says who reads masked values (``executions.policy.reads_masked``); what is sensitive is
said by the names of fields, by the schemas of the workflow, and by the operator. Doors name the run
that they show (``look``) and show its values by ``executions.showing``.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from executions import policy, showing
from executions.errors import Finding, Refused
from executions.models import AgentVersion, Ask, Execution, WorkflowVersion
from executions.models.learnt import learnt
from executions.models.peers import with_peers
from executions.pointers import pointer_of
from executions.showing.names import USUAL, Names, declared_in, is_declared, sensitive_results

Answer = Callable[[HttpRequest], HttpResponseBase]
Masks = dict[uuid.UUID, showing.Mask | None]
# Of a run of a list, what says how it is read.
_READ = (
    *("kind", "owner", "version", "agent_version", "input", "head_seq"),
    *("workflow__group", "agent__group"),
)


def usual_mask() -> showing.Mask:
    """The mask while it is not known which run is shown."""
    return showing.Mask(_names())


def mask_of(execution: Execution) -> showing.Mask:
    """The mask of this run for those who read masked values."""
    return _masks_of([execution])[execution.pk]


def _masks_of(executions: Sequence[Execution]) -> dict[uuid.UUID, showing.Mask]:
    """The masks of these runs: as many questions for many of them as for one."""
    documents = _documents(executions)
    masks = {}
    for row in executions:
        masks[row.pk] = _mask_of_input(row, documents.get(_version_of(row), {}))
    seqs = {row.pk: row.head_seq for row in executions}
    wholes = {row.pk: sensitive_results(documents.get(_version_of(row), {})) for row in executions}
    learnt_values = learnt(masks, seqs, wholes)
    return {key: mask.knowing(learnt_values[key]) for key, mask in masks.items()}


def _mask_of_input(execution: Execution, document: dict[str, Any]) -> showing.Mask:
    declared = declared_in(document)
    run_input = _input(execution)
    schema = ((document.get("input") or {}).get("schema") or {}).get("document")
    if isinstance(run_input, dict) and is_declared(schema):
        # The whole input is: each of its fields.
        declared |= {str(key) for key in run_input}
    names = _names(declared)
    return showing.Mask(names, showing.Mask(names).sensitive_in(run_input))


def mask_for(user: policy.Person, execution: Execution) -> showing.Mask | None:
    """The mask of this run for this person; None for none."""
    return mask_of(execution) if policy.reads_masked(user, execution) else None


def look(user: policy.Person, execution: Execution) -> None:
    """This person is shown this run, from now on in this request."""
    showing.looked_at(mask_for(user, execution))


@contextmanager
def of_person(user: policy.Person) -> Iterator[None]:
    """Within, this person reads; until a run is named (``look``), with what their rank hides."""
    with showing.reading(showing.Sight(lambda: _by_rank(user), lambda: user)):
        yield


def reason_of(execution: Execution) -> str:
    """Why a run failed, as the reader may see it: in a list, where each row is of another run."""
    reason = execution.failure_reason
    return _shown_at(execution, reason) if reason else ""


def said_by(ask: Ask, text: str) -> str:
    """A text of a question: the people who are asked read it as it was asked."""
    return _shown_at(ask.execution, text, ask)


def answers_of(ask: Ask) -> Any:
    """The answers to a question, as the reader may see them."""
    return _valued_at(ask.execution, ask.answers, ask)


def form_of(ask: Ask) -> Any:
    """The form of a question: expressions may have put values into it."""
    return _valued_at(ask.execution, ask.form, ask)


def _shown_at(execution: Execution, text: str, ask: Ask | None = None) -> str:
    with showing.masked(_mask_at(execution, ask)):
        return showing.text(text)


def _valued_at(execution: Execution, value: Any, ask: Ask | None = None) -> Any:
    with showing.masked(_mask_at(execution, ask)):
        return showing.value(value)


def _mask_at(execution: Execution, ask: Ask | None) -> showing.Mask | None:
    """The mask of this run now; asked once for all runs of a list."""
    sight = showing.now()
    if sight is None:
        return None
    user = sight.reader() if sight.reader is not None else None
    if ask is not None and user is not None and policy.rank_reads_masked(user):
        if ask.pk not in sight.known:
            sight.known |= _masks_of_asks(user, with_peers(ask, sight.known))
        return sight.known[ask.pk]
    if user is None or sight.has_looked:
        return sight.hides()
    if execution.pk not in sight.known:
        sight.known |= _masks_for(user, with_peers(execution, sight.known))
    return sight.known[execution.pk]


def _masks_for(user: policy.Person, keys: Collection[uuid.UUID]) -> Masks:
    """The mask of each of these runs for this person: as many questions for many runs as for
    one.
    """
    masks: Masks = dict.fromkeys(keys)
    if not policy.rank_reads_masked(user):
        return masks
    rows = Execution.objects.filter(pk__in=keys).select_related("workflow", "agent").only(*_READ)
    masked = [row for row in rows if policy.reads_masked(user, row)]
    return masks | _masks_of(masked)


def _masks_of_asks(user: policy.Person, keys: Collection[uuid.UUID]) -> Masks:
    """The mask of each of these questions: none for the people who are asked."""
    asked = (
        set(Ask.objects.for_person(user).filter(pk__in=keys).values_list("pk", flat=True))
        if isinstance(user, User)
        else set()
    )
    rows = Ask.objects.filter(pk__in=keys).values_list("pk", "execution_id")
    others = {key: run for key, run in rows if key not in asked}
    masks = _masks_for(user, set(others.values()))
    return dict.fromkeys(keys) | {key: masks[run] for key, run in others.items()}


def of_requests(get_response: Answer) -> Answer:
    """Middleware: the person who asks is the reader."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        # Asked when the first value is shown: the API learns later who calls.
        with showing.reading(showing.Sight(lambda: _by_rank(request.user), lambda: request.user)):
            return get_response(request)

    return middleware


def check_not_masked(user: policy.Person, value: Any) -> None:
    """Raises Refused where somebody who reads masked values sends ``[masked]`` in a value: it
    stands for one that they were not shown, and would take its place.
    """
    findings = [Finding(pointer_of(path), "`[masked]` stands for a value") for path in _in(value)]
    if findings and policy.rank_reads_masked(user):
        raise Refused(
            "invalid",
            "`[masked]` stands for a value that you are not shown; it cannot be sent back.",
            remedy="Write the value itself, or ask somebody who may read it.",
            findings=findings,
        )


def _in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if value == showing.LABEL:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _in(item, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            yield from _in(item, (*path, at))


def _by_rank(user: policy.Person) -> showing.Mask | None:
    return usual_mask() if policy.rank_reads_masked(user) else None


def _names(declared: frozenset[str] = frozenset()) -> Names:
    return Names((*USUAL, *settings.STIGMER_SENSITIVE_FIELDS), declared)


def _version_of(execution: Execution) -> uuid.UUID | None:
    return execution.agent_version_id if execution.kind == "agent" else execution.version_id


def _documents(executions: Iterable[Execution]) -> dict[uuid.UUID | None, dict[str, Any]]:
    """The definitions that these runs follow; read by themselves, as pages leave them in the
    database.
    """
    documents: dict[uuid.UUID | None, dict[str, Any]] = {}
    models: tuple[Any, ...] = (AgentVersion, WorkflowVersion)
    for versions in models:
        is_agent = versions is AgentVersion
        keys = {_version_of(row) for row in executions if (row.kind == "agent") == is_agent}
        if keys:
            rows = versions.objects.filter(pk__in=keys).values_list("pk", "document")
            documents |= {key: held for key, held in rows if isinstance(held, dict)}
    return documents


def _input(execution: Execution) -> Any:
    if "input" in execution.get_deferred_fields():
        return Execution.objects.filter(pk=execution.pk).values_list("input", flat=True).first()
    return execution.input
