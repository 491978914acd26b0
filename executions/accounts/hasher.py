"""How passwords are hashed: argon2-cffi's profile for servers, a few at a time."""

from __future__ import annotations

import threading

from argon2.profiles import RFC_9106_LOW_MEMORY
from django.contrib.auth.hashers import Argon2PasswordHasher

# Each takes 64 MiB and a fifth of a second of a core: who sends a hundred at once waits in line.
AT_ONCE = 2
_turn = threading.BoundedSemaphore(AT_ONCE)


class PasswordHasher(Argon2PasswordHasher):
    """The second recommendation of RFC 9106; hashes made with other costs are renewed at log-in."""

    time_cost = RFC_9106_LOW_MEMORY.time_cost
    memory_cost = RFC_9106_LOW_MEMORY.memory_cost
    parallelism = RFC_9106_LOW_MEMORY.parallelism

    def encode(self, password: str, salt: str) -> str:
        with _turn:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turn:
            return super().verify(password, encoded)
