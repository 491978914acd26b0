"""What an attempt needs of the database, read as it begins: a key that was put right counts at the
next attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.contrib.auth.models import User

from executions import policy, secret_access
from executions.calls.outcome import Fail
from executions.driving.drive import Drive
from executions.errors import Refused, WorkflowError
from executions.language.walking.requests import Effect
from executions.secret_files import SecretsUnreadable
from executions.secrets.texts import flat


def resources_of(drive: Drive, request: Effect) -> Mapping[str, Any] | Fail:
    """What a call of this kind is handed beside its arguments; a Fail where it cannot be had."""
    if request.call != "model":
        return {}
    name = str((request.step.arguments or {}).get("model"))
    try:
        return {"model": drive.store.call(partial(_model, drive.execution.owner_id, name))}
    except Refused as problem:
        return _unusable(problem.text)
    except SecretsUnreadable as problem:
        return _unusable(f"The key of the model {name} cannot be read: {problem}")


def _model(owner_id: int, name: str) -> dict[str, Any]:
    """The model as the mind is told of it. Raises Refused, SecretsUnreadable."""
    model = policy.model_for(User.objects.get(pk=owner_id), name)
    return {
        "name": model.name,
        "protocol": model.protocol,
        "address": model.address,
        "remote_name": model.remote_name,
        "key": _key(model.name, model.key_secret),
        "key_secret": model.key_secret,
        "silence_seconds": model.silence_seconds,
        "max_tokens": model.max_tokens,
        "input_price": _text(model.input_price),
        "output_price": _text(model.output_price),
    }


def _key(model: str, secret: str) -> str:
    if not secret:
        return ""
    value = flat(secret_access.known_secrets()).get(secret)
    if not value:
        raise Refused(
            "conflict",
            f"The key of the model {model} is the secret {secret}, which has no value that is a"
            " text.",
            remedy="Set it on the workers, then start them again.",
        )
    return value


def _text(price: object) -> str | None:
    return None if price is None else str(price)


def _unusable(detail: str) -> Fail:
    error = WorkflowError.standard("configuration", detail)
    return Fail(error, transient=False, rule="model cannot be used", effect_possible=False)
