"""The web server's limits around an application for the tests: it says one long message, repeats
what it hears, and closes with the code that it is told.
"""

from __future__ import annotations

import json
from typing import Any

LONG = 3 * 1024 * 1024


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": json.dumps({"long": "x" * LONG})})
    while (message := await receive())["type"] == "websocket.receive":
        code = json.loads(message["text"]).get("close")
        if code is not None:
            await send({"type": "websocket.close", "code": code})
            return
        await send({"type": "websocket.send", "text": message["text"]})


if __name__ == "__main__":
    import django

    django.setup()
    from executions.cli.web import server

    server(application).run()
