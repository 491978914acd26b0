"""Pages and data travel compressed, where that gives nothing away and holds nothing up."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

LEAST_BYTES = 1024
_TEXTS = ("text/", "application/json", "application/problem+json", "application/schema+json")


class Compression(GZipMiddleware):
    """Compresses answers to GET that are text of a known length.

    Streams are left alone: compressed ones would wait until a block is full. So are answers to
    POST: those are the ones that show a secret once. An ETag is a sequence that clients send back,
    and compressing would change it. Random bytes in the header of each answer (Django's own) hide
    its length from who could make somebody's browser ask for it.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "")
        is_left = (
            request.method != "GET"
            or response.streaming
            or response.has_header("ETag")
            or not kind.startswith(_TEXTS)
            or len(getattr(response, "content", b"")) < LEAST_BYTES
        )
        return response if is_left else super().process_response(request, response)
