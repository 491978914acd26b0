"""The cache that all web processes share: values as JSON, never pickled.

It holds codes of second factors that were used already; what it forgets harms nobody.
"""

from __future__ import annotations

import json
from typing import Any


class JsonSerializer:
    """The form in which Django's cache in Redis keeps values."""

    def dumps(self, value: Any) -> bytes | int:
        # Redis counts in place what is an integer.
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, kept: bytes) -> Any:
        return json.loads(kept)
