"""The OpenAPI 3.1 document: what ninja finds out, and what every operation has in common."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from ninja.openapi.schema import OpenAPISchema
from pydantic import BaseModel

from executions.api import for_generators
from executions.api.problems import CONTENT_TYPE, KINDS
from executions.api.schemas.journal import Delta, Followed, FollowingClosed
from executions.api.schemas.shared import ProblemDetails

if TYPE_CHECKING:
    from executions.api.build import Api

PREFIX = "/api/v1/"
DESCRIPTION = """\
Durable workflows: apply a definition, run it, follow it, and retry, skip or recover what failed.

Sign in with `Authorization: Bearer <token>`, or with a session and its CSRF token. Every answer
from 400 on is a problem (RFC 9457) whose `type` is a page that explains it. Lists give
`next_cursor`. A run takes an `Idempotency-Key`; retry, skip, recover, decide, restore and override
take `If-Match` with the sequence that you saw.
"""
HEADERS = {
    "x-idempotency-key": {
        "in": "header",
        "name": "Idempotency-Key",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        "description": "The same key and body lead to one run and one answer, for 24 hours.",
    },
    "x-if-match": {
        "in": "header",
        "name": "If-Match",
        "required": False,
        "schema": {"type": "string", "pattern": '^("[0-9]{1,18}"|\\*)$'},
        "description": "The sequence that you saw, in quotes; 412 where it is not the newest.",
    },
}
RETRY_AFTER = {
    "schema": {"type": "integer", "minimum": 1},
    "description": "Seconds after which to try again.",
}


def described(api: Api) -> dict[str, Any]:
    """The document as plain JSON values."""
    document: dict[str, Any] = json.loads(json.dumps(OpenAPISchema(api, PREFIX), default=str))
    document["info"] |= {
        "description": DESCRIPTION,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }
    for shape in (ProblemDetails, Followed, Delta, FollowingClosed):
        document["components"]["schemas"][shape.__name__] = _schema(shape, document)
    statuses = sorted({kind.status for kind in KINDS.values()})
    document["components"]["responses"] = {
        f"Problem{status}": _problem(status) for status in statuses
    }
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token (`stg_…`)."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "session",
            "description": (
                "The log-in of the control room; its cookie's name holds the port. Needs"
                " X-CSRFToken too."
            ),
        },
    }
    document["servers"] = [{"url": "/"}]
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    for_generators.plain(document)
    return document


def _schema(shape: type[BaseModel], document: dict[str, Any]) -> dict[str, Any]:
    """The schema of a shape that no route answers with as JSON; what it refers to becomes a
    component too.
    """
    schema = shape.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    document["components"]["schemas"] |= schema.pop("$defs", {})
    return schema


def _complete(method: str, operation: dict[str, Any]) -> None:
    parameters = operation["parameters"]
    for mark, header in HEADERS.items():
        if operation.pop(mark, False):
            parameters.append(copy.deepcopy(header))
    operation["security"] = [{"token": []}, {"session": []}]
    if not parameters:
        del operation["parameters"]
    for status in _statuses(method, operation):
        operation["responses"].setdefault(
            str(status), {"$ref": f"#/components/responses/Problem{status}"}
        )


def _statuses(method: str, operation: dict[str, Any]) -> list[int]:
    statuses = {400, 401, 403, 404, 405, 422, 429, 500, 503}
    if method in ("post", "patch", "delete"):
        statuses |= {409, 412, 413, 415}
    if operation["operationId"].startswith("preview-"):
        # A preview is refused as what it shows would be.
        statuses.add(409)
    return sorted(statuses)


def _problem(status: int) -> dict[str, Any]:
    kinds = [kind for kind in KINDS.values() if kind.status == status]
    example = {
        "type": kinds[0].uri,
        "title": kinds[0].title,
        "status": status,
        "detail": kinds[0].meaning,
        "instance": "/api/v1/workflow-executions/wex-01ktf5k2h8x3m0q9v7b4n6c1za",
        "correlation_id": "4b4cfc2e2a5b4f5f8a52",
        "remedy": kinds[0].remedy,
    }
    headers = {"headers": {"Retry-After": RETRY_AFTER}} if status in (429, 503) else {}
    return headers | {
        "description": "; ".join(kind.title for kind in kinds),
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/ProblemDetails"},
                "example": example,
            }
        },
    }
