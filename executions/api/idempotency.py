"""Idempotency-Key: the same key and request lead to one run and one answer, however often and from
how many threads.

A key is reserved before the work and its answer stored in the work's own transaction, so that a
crash leaves either both or neither. A reservation belongs to a process: once that is dead, or after
``ABANDONED``, the next request with the key takes it over; who is overtaken writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.http import HttpRequest

from executions import clock
from executions.api.problems import FieldError, Problem
from executions.models import IdempotentRequest
from executions.models.transactions import InDoubt, atomic, run_tx
from executions.recovery import presence
from executions.recovery.processes import is_gone
from executions.values import digest

ABANDONED = timedelta(seconds=60)
KEPT = timedelta(hours=24)
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body. ``replayed`` where it was given before."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


def once(request: HttpRequest, owner: User, work: Callable[[], Answer]) -> Answer:
    """Do the work, or give the answer that its key has already. Without the header it is just
    done.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return work()
    _check(key)
    operation = f"{request.method} {request.path}"[:300]
    body_digest = digest(operation, _body(request))
    reserved = run_tx(lambda: _reserve(owner, key, operation, body_digest))
    if isinstance(reserved, Answer):
        return reserved
    try:
        return run_tx(lambda: _completed(reserved, work))
    except InDoubt:
        # Whether it was done nobody knows, so the key stays taken; what was done is answered once
        # it is back.
        raise
    except BaseException:
        # Nothing was done, so that the key is free for another try.
        run_tx(
            IdempotentRequest.objects.filter(
                pk=reserved.pk, status=0, created_at=reserved.created_at
            ).delete
        )
        raise


def _check(key: str) -> None:
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Problem(
            "malformed",
            f"An Idempotency-Key has 1 to {LONGEST_KEY} printable ASCII characters.",
            errors=[FieldError("Not such a key.", parameter="Idempotency-Key")],
        )


def _body(request: HttpRequest) -> Any:
    """As JSON, so that white space makes no difference; as text where it is none."""
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return request.body.decode(errors="replace")


def _reserve(owner: User, key: str, operation: str, body_digest: str) -> IdempotentRequest | Answer:
    IdempotentRequest.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    try:
        with atomic():
            return IdempotentRequest.objects.create(
                owner=owner,
                key=key,
                operation=operation,
                body_digest=body_digest,
                process=presence.here(),
            )
    except IntegrityError:
        reservation = IdempotentRequest.objects.filter(owner=owner, key=key).first()
    if reservation is None:
        raise _in_flight()
    if reservation.operation != operation or reservation.body_digest != body_digest:
        raise Problem(
            "key-reused",
            f"This Idempotency-Key was used before, for {reservation.operation} with another body.",
        )
    if reservation.status:
        return Answer(reservation.status, reservation.response, replayed=True)
    return _taken_over(reservation)


def _taken_over(reservation: IdempotentRequest) -> IdempotentRequest:
    now = clock.now()
    if reservation.created_at > now - ABANDONED and not _is_left_behind(reservation):
        raise _in_flight()
    rows = IdempotentRequest.objects.filter(
        pk=reservation.pk, status=0, created_at=reservation.created_at
    )
    if not rows.update(created_at=now, process=presence.here()):
        raise _in_flight()
    reservation.created_at = now
    return reservation


def _is_left_behind(reservation: IdempotentRequest) -> bool:
    """Whether the process that reserved it can answer no more."""
    process = reservation.process
    return process is not None and (process.dead_at is not None or is_gone(process))


def _completed(reserved: IdempotentRequest, work: Callable[[], Answer]) -> Answer:
    with atomic():
        answer = work()
        _complete(reserved, answer)
    return answer


def _complete(reserved: IdempotentRequest, answer: Answer) -> None:
    rows = IdempotentRequest.objects.filter(
        pk=reserved.pk, status=0, created_at=reserved.created_at
    )
    if not rows.update(status=answer.status, response=answer.body):
        raise _in_flight()


def _in_flight() -> Problem:
    return Problem(
        "in-flight",
        "The first request with this key is still running.",
        headers={"Retry-After": "1"},
    )
