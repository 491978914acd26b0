"""Files that runs have left, handed out as files and never as a page: a command wrote them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from executions import policy
from executions.blobs import StorageFailed
from executions.errors import Refused
from executions.models import Artifact, Execution
from executions.workspaces.caring import storage

CONTENT_TYPE = "application/octet-stream"
_PART_BYTES = 256 * 1024


def check_may_download(user: policy.Person, execution: Execution) -> None:
    """Raises Refused (``forbidden``): a file goes whole, or not at all."""
    if not policy.can(user, "export", execution):
        raise Refused("forbidden", "A viewer downloads no files of a run.")
    if policy.reads_masked(user, execution):
        raise Refused("forbidden", "Sensitive values in a file cannot be masked: ask its owner.")


def download(request: HttpRequest, artifact: Artifact) -> StreamingHttpResponse:
    """The file, part by part. Raises FileNotFoundError where it is not kept any more, and Refused
    (``unavailable``) where the storage does not give it.
    """
    try:
        storage().require(artifact.digest)
    except StorageFailed as problem:
        raise Refused(
            "unavailable", str(problem), remedy="Try again later, or ask who runs this server."
        ) from problem
    parts = _parts_in_turn if isinstance(request, ASGIRequest) else _parts
    answer = StreamingHttpResponse(parts(artifact.digest), content_type=CONTENT_TYPE)
    name = artifact.name.rpartition("/")[2]
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "",
        "Content-Length": str(artifact.size),
        "X-Content-Type-Options": "nosniff",
    }
    for header, value in headers.items():
        answer.headers[header] = value
    return answer


def _parts(digest: str) -> Iterator[bytes]:
    """It is opened as the first part is asked for: who asks for none leaves nothing open."""
    with storage().open(digest) as file:
        while part := file.read(_PART_BYTES):
            yield part


async def _parts_in_turn(digest: str) -> AsyncIterator[bytes]:
    """The same for the web server, which would read a plain iterator to its end before it sends."""
    parts = _parts(digest)
    while part := await sync_to_async(_next)(parts):
        yield part


def _next(parts: Iterator[bytes]) -> bytes:
    return next(parts, b"")
