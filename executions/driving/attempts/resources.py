"""What an attempt needs of the database, read as it begins: a key that was put right counts at the
next attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.contrib.auth.models import User

from executions import policy
from executions.calls.outcome import Fail
from executions.driving.drive import Drive
from executions.driving.keys import key_of
from executions.driving.tools_of_servers import address_of, server_for
from executions.errors import Refused, WorkflowError
from executions.language.walking.requests import Effect
from executions.models import LanguageModel
from executions.secret_files import SecretsUnreadable


def resources_of(drive: Drive, request: Effect) -> Mapping[str, Any] | Fail:
    """What a call of this kind is handed beside its arguments; a Fail where it cannot be had."""
    if request.call not in _READ:
        return {}
    try:
        return drive.store.call(
            partial(_READ[request.call], drive.execution.owner_id, request.step.arguments or {})
        )
    except Refused as problem:
        return _unusable(problem.text)
    except SecretsUnreadable as problem:
        return _unusable(f"A key cannot be read: {problem}")


def _server(owner_id: int, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The MCP server as the mind is told of it. Raises Refused, SecretsUnreadable."""
    owner = User.objects.get(pk=owner_id)
    return {"server": address_of(server_for(owner, str(arguments.get("server"))))}


def _model(owner_id: int, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The model as the mind is told of it. Raises Refused, SecretsUnreadable."""
    model = policy.model_for(User.objects.get(pk=owner_id), str(arguments.get("model")))
    return {"model": _told(model)}


def _told(model: LanguageModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "protocol": model.protocol,
        "address": model.address,
        "remote_name": model.remote_name,
        "key": key_of(f"model {model.name}", model.key_secret),
        "key_secret": model.key_secret,
        "silence_seconds": model.silence_seconds,
        "max_tokens": model.max_tokens,
        "context_tokens": model.context_tokens,
        "input_price": _text(model.input_price),
        "output_price": _text(model.output_price),
    }


_READ: dict[str, Callable[[int, Mapping[str, Any]], dict[str, Any]]] = {
    "model": _model,
    "mcp": _server,
}


def _text(price: object) -> str | None:
    return None if price is None else str(price)


def _unusable(detail: str) -> Fail:
    error = WorkflowError.standard("configuration", detail)
    return Fail(error, transient=False, rule="cannot be used", effect_possible=False)
