"""The common part of kinds that speak HTTP."""

from __future__ import annotations

from django.conf import settings

from executions.calls.http.egress import Egress

# So long a receiver has for its answer.
SECONDS = 10.0


def egress() -> Egress:
    """The bounds of requests: addresses are vetted like those of ``call: http``."""
    return Egress.from_settings(
        settings.STIGMER_HTTP_ALLOWED_HOSTS, settings.STIGMER_HTTP_ONLY_HOSTS
    )
