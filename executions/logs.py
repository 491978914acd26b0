"""The log: structured events, one JSON object a line, or readable lines where a person is looking.

Every record carries what is bound to the current context (``bind``), above all the correlation id,
so that one run can be followed through web, queue and worker. Records of the standard library's
loggers (Django, RQ, Daphne) take the same road.
"""

from __future__ import annotations

import logging
import re
import sys
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

CORRELATION_HEADER = "X-Correlation-ID"
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")

bind = structlog.contextvars.bound_contextvars
"""``with bind(correlation_id=…, execution=…):`` adds these to every record made inside."""


def is_correlation_id(text: str) -> bool:
    """Whether a caller's correlation id is well formed: 1 to 64 letters, digits or ``._:-``."""
    return _CORRELATION_ID.fullmatch(text) is not None


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose methods take an event and its fields: ``log.info("step finished",
    step="pay")``.
    """
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


_hidings: list[Callable[[Any], Any]] = []


def hide_in_all(hide: Callable[[Any], Any]) -> None:
    """Pass every record of this process through ``hide`` from now on: its event, its fields, its
    traceback.
    """
    _hidings[:] = [hide]


def _hidden(_logger: Any, _method: str, record: Any) -> Any:
    """The fields of a record, or the line that was made of it."""
    for hide in _hidings:
        record = hide(record)
    return record


def configured(level: str) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING: text on a terminal, JSON elsewhere."""
    text = sys.stderr.isatty()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if text else "iso", utc=not text),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "stigmer": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *_rendering(text),
                ],
                "foreign_pre_chain": [structlog.stdlib.ExtraAdder(allow=[]), *shared],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "stigmer"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "NOTSET", "propagate": True},
            "django.server": {"handlers": [], "level": "NOTSET", "propagate": True},
            # It tells of each try to connect, twice a second; who meets the trouble tells of it.
            "psycopg.pool": {"level": "ERROR"},
            **{
                noisy: {"level": "WARNING"}
                for noisy in ("asyncio", "daphne", "httpx", "httpcore", "rq", "twisted")
            },
        },
    }


def _rendering(text: bool) -> list[structlog.typing.Processor]:
    if text:
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()), _hidden]
    # Without locals: they hold passwords, secrets and whole environments.
    tracebacks = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    return [tracebacks, _hidden, structlog.processors.JSONRenderer(default=str)]


def correlation(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: a request's correlation id, the caller's own where it is well formed, is bound
    and sent back.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        asked = request.headers.get(CORRELATION_HEADER, "")
        correlation_id = asked if is_correlation_id(asked) else uuid.uuid4().hex
        with bind(correlation_id=correlation_id):
            response = get_response(request)
        response[CORRELATION_HEADER] = correlation_id
        return response

    return middleware
