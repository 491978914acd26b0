"""The web server around an application that says how large a body was, and what was held."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

from daphne.endpoints import build_endpoint_description_strings

from executions.cli.web.bodies import Limits
from executions.cli.web.server import BoundedServer
from executions.clients.bodies import SCOPE_KEY

LIMITS = Limits(1_000_000, caller_bytes=3_000_000, all_bytes=5_000_000, seconds=120.0)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    count, more = 0, True
    while more:
        message = await receive()
        count, more = count + len(message.get("body", b"")), message.get("more_body", False)
    said = {"bytes": count, "refusal": scope.get(SCOPE_KEY, ""), "held": server.held.bytes}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})


if __name__ == "__main__":
    endpoints = build_endpoint_description_strings(host="127.0.0.1", port=int(sys.argv[1]))
    limits = replace(LIMITS, seconds=float(sys.argv[2]))
    server = BoundedServer(
        application, endpoints=endpoints, stalled_seconds=60, limits=limits, hops=1
    )
    server.run()
