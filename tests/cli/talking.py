"""The web server's limits around an application for the tests: it says one long message, repeats
what it hears, says several at once that all sockets share, and closes with the code that it is told.
"""

from __future__ import annotations

import json
from typing import Any

from executions.live.texts import TOGETHER, Text, are_taken_together

LONG = 3 * 1024 * 1024
# Each form of a frame's length is one of them.
TOLD = [{"first": 1}, {"second": "é" * 200}, {"third": "x" * 70_000}, {"last": 4}]
SHARED = [Text(json.dumps(each, ensure_ascii=False)) for each in TOLD]


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": json.dumps({"long": "x" * LONG})})
    while (message := await receive())["type"] == "websocket.receive":
        said = json.loads(message["text"])
        if "together" in said and are_taken_together(scope):
            await send({"type": TOGETHER, "texts": SHARED})
            continue
        code = said.get("close")
        if code is not None:
            await send({"type": "websocket.close", "code": code})
            return
        await send({"type": "websocket.send", "text": message["text"]})


if __name__ == "__main__":
    import django

    django.setup()
    from executions.cli.web import server

    server(application).run()
