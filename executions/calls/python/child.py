"""The work of a child process of the function pool: load the registered functions, call one, answer
with JSON.

Only children import this module: it prepares them when it is loaded.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from executions.calls.python.functions import (
    MODULES_VARIABLE,
    FunctionContext,
    find,
    is_transient,
    load_functions,
)

Json = Any


def answer(operation: str, payload: Mapping[str, Json]) -> Json:
    """The result of the function named ``operation``; what it raises goes to the parent, marked
    transient or not.
    """
    try:
        return find(operation).run(payload["arguments"], FunctionContext(**payload["context"]))
    except Exception as error:
        with suppress(AttributeError):
            error.is_transient = is_transient(error)  # type: ignore[attr-defined]
        raise
    finally:
        _close_connections()


def _close_connections() -> None:
    """Connections that Django opened for the function: not the function's to close, and a
    difference if left.
    """
    db = sys.modules.get("django.db")
    if db is None:
        return
    for connection in db.connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


if os.environ.get("DJANGO_SETTINGS_MODULE"):
    # By name: this room knows no Django, only functions that work with its models do.
    importlib.import_module("django").setup()
load_functions(name for name in os.environ.get(MODULES_VARIABLE, "").split(",") if name)
