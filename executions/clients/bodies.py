"""Why the body of a request was not read: written by the web server, read by what answers."""

from __future__ import annotations

SCOPE_KEY = "stigmer.refusal"
TOO_LARGE, BUSY = "too-large", "busy"
