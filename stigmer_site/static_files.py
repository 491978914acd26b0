"""Static files under ASGI: at an address that says which files they are, and compressed."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseMiddleware

PREFIX = "/static/"
FOR_EVER = "max-age=31536000, public, immutable"
LEAST_BYTES = 1024
_VERSIONED = re.compile(rf"^{PREFIX}v-[0-9a-f]{{16}}/")
_TEXTS = ("text/", "application/json", "image/svg+xml")


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # it has no types
    """WhiteNoise, answering with whole bytes: its file iterator would block the event loop and warn
    at every file.

    A page asks for files below ``STATIC_URL``, which holds a digest of all of them, so browsers
    keep them for ever. A page of before an update asks with another digest: it is given the file
    that is there now, for once. Modules import each other by relative addresses, so one digest for
    all needs no file to be rewritten.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = _VERSIONED.sub(PREFIX, request.path_info, count=1)
        static_file = self.files.get(path)
        if static_file is None:
            answer: HttpResponseBase = self.get_response(request)
            return answer
        response = self.serve(static_file, request)
        if path != request.path_info:
            is_current = request.path_info.startswith(settings.STATIC_URL)
            response.headers["Cache-Control"] = FOR_EVER if is_current else "no-cache"
        return response

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        answer = static_file.get_response(request.method, request.META)
        body = b""
        if answer.file is not None:
            with answer.file:
                body = answer.file.read()
        response = HttpResponse(body, status=int(answer.status))
        del response["content-type"]
        for name, value in answer.headers:
            response[name] = value
        return _packed(request, response)


def _packed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer compressed, where it is text and the browser takes that."""
    kind = response.headers.get("Content-Type", "")
    is_whole = response.status_code == 200 and len(response.content) >= LEAST_BYTES
    if not is_whole or not kind.startswith(_TEXTS):
        return response
    patch_vary_headers(response, ("Accept-Encoding",))
    if not re.search(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))", _accepted(request)):
        return response
    response.content = _gzip(response.content)
    response.headers["Content-Length"] = str(len(response.content))
    response.headers["Content-Encoding"] = "gzip"
    if tag := response.headers.get("ETag"):
        response.headers["ETag"] = f"W/{tag.removeprefix('W/')}"
    return response


def _accepted(request: HttpRequest) -> str:
    return request.headers.get("Accept-Encoding", "")


@lru_cache(maxsize=256)
def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=9, mtime=0)
