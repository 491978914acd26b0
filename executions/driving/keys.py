"""The keys of models and servers, which rows name and do not hold."""

from __future__ import annotations

from executions import secret_access
from executions.errors import Refused
from executions.secrets.texts import flat


def key_of(what: str, secret: str) -> str:
    """The value of the secret that is the key of this; empty where it needs none.

    Raises Refused, SecretsUnreadable.
    """
    if not secret:
        return ""
    value = flat(secret_access.known_secrets()).get(secret)
    if not value:
        raise Refused(
            "conflict",
            f"The key of the {what} is the secret {secret}, which has no value that is a text.",
            remedy="Set it on the workers, then start them again.",
        )
    return value
