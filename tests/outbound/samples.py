"""Where a test of each kind of channel is received; ``{receiver}`` is the address of one by HTTP."""

from __future__ import annotations

ADDRESSES = {
    "mail": "ops@example.org",
    "webhook": "{receiver}",
}
