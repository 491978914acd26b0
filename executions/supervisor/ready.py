"""Asks the web server whether it is ready, as a load balancer would."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass

from django.conf import settings

ANSWER_SECONDS = 5.0
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the server is not ready, and whether its web part answers already (and so has prepared
    the database).
    """

    detail: str
    web_answers: bool


def ready_problem() -> Problem | None:
    """None once ``/readyz`` answers 200, else what is missing."""
    host = _ANYWHERE.get(settings.STIGMER_BIND, settings.STIGMER_BIND)
    connection = http.client.HTTPConnection(host, settings.STIGMER_PORT, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/readyz", headers=headers_of_a_proxy())
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        return Problem(f"the web server does not answer ({error})", web_answers=False)
    finally:
        connection.close()
    return (
        None
        if response.status == 200
        else Problem(_what_failed(response.status, body), web_answers=True)
    )


def headers_of_a_proxy() -> dict[str, str]:
    """A request with these comes as people's do: under a name of ours, by https where that is
    on.
    """
    scheme = {"X-Forwarded-Proto": "https"} if settings.STIGMER_HTTPS else {}
    return {"Host": f"{settings.ALLOWED_HOSTS[0]}:{settings.STIGMER_PORT}"} | scheme


def _what_failed(status: int, body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
        return "; ".join(check["detail"] for check in checks if not check["ok"])
    except (ValueError, KeyError, TypeError):
        return f"/readyz answered {status}"
