"""A word to one worker by way of Redis: where the functions of a run are, which it answers, or that
it should look for what is due.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings

from executions.redis_client import client, push

# So long the answer is waited for; a question that nobody took meanwhile is forgotten.
ANSWER_SECONDS = 5
LISTEN_SECONDS = 2
_FORGOTTEN_SECONDS = 10
_LOOK = {"look": "due"}


def ask(process_id: uuid.UUID, execution_id: str) -> Any:
    """The answer of the worker; None where none came in time. Raises redis.RedisError."""
    box, answer = _box(process_id), f"stigmer:stack:answer:{uuid.uuid4().hex}"
    connection = _client()
    question = json.dumps({"execution": execution_id, "answer": answer})
    push(connection, box, question, _FORGOTTEN_SECONDS)
    popped: Any = connection.blpop([answer], timeout=ANSWER_SECONDS)
    return None if popped is None else json.loads(popped[1])


def hurry(process_id: uuid.UUID) -> None:
    """Tell the worker that something is due which is left to it. Raises redis.RedisError."""
    push(_client(), _box(process_id), json.dumps(_LOOK), _FORGOTTEN_SECONDS)


def hear(process_id: uuid.UUID, answer: Callable[[str], Any], look: Callable[[], None]) -> bool:
    """Answer one question, or ``look``; whether there was a word. Raises redis.RedisError."""
    connection = _client()
    popped: Any = connection.blpop([_box(process_id)], timeout=LISTEN_SECONDS)
    if popped is None:
        return False
    question = json.loads(popped[1])
    if question == _LOOK:
        look()
        return True
    said = json.dumps(answer(question["execution"]))
    push(connection, question["answer"], said, _FORGOTTEN_SECONDS)
    return True


def _box(process_id: uuid.UUID) -> str:
    return f"stigmer:stack:{process_id.hex}"


def _client() -> redis.Redis:
    return client(settings.REDIS_URL, ANSWER_SECONDS + 3.0)
