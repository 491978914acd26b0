"""A server of its own process for the tests: an application that writes as fast as it may."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from daphne.endpoints import build_endpoint_description_strings

from executions.cli.backpressure import PatientServer

CHUNK = b"x" * 65_536
CHUNKS = 4_000
told = {"sent": 0, "streams": 0}


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """``/flood`` streams 250 MiB, ``/sent`` says how many chunks of them were taken and how many
    streams there are.
    """
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/flood":
        await receive()
        flooding, leaving = asyncio.create_task(flood(send)), asyncio.create_task(receive())
        told["streams"] += 1
        await asyncio.wait([flooding, leaving], return_when=asyncio.FIRST_COMPLETED)
        flooding.cancel()
        leaving.cancel()
        told["streams"] -= 1
    else:
        body = f"{told['sent']} {told['streams']}".encode()
        await send({"type": "http.response.body", "body": body})


async def flood(send: Any) -> None:
    for _ in range(CHUNKS):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        told["sent"] += 1
    await send({"type": "http.response.body"})


if __name__ == "__main__":
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    endpoints = build_endpoint_description_strings(host="127.0.0.1", port=port)
    PatientServer(application, endpoints=endpoints, stalled_seconds=seconds).run()
