"""How a call into a sealed child can end other than with its answer."""

from __future__ import annotations

from executions.errors import StigmerError


class SealedError(StigmerError):
    """A call into a sealed child gave no answer."""


class SealedRefused(SealedError):
    """The operation refused its payload: what the author wrote does not work.

    ``kind`` is a word of the operation (``"compile"``, ``"failed"``) and safe to show anywhere;
    ``reason`` is its explanation, which may quote the payload.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class SealedTimedOut(SealedError):
    """The child did not answer in its time and was killed."""


class SealedHung(SealedTimedOut):
    """The child did nothing at all for its call and was killed: it was stopped, for example."""


class SealedDied(SealedError):
    """The child ended in the middle of the call: a crash, or the end of its memory."""


class SealedOutOfMemory(SealedError):
    """The operation needed more memory than a child may have; the child lives on."""


class SealedTooLarge(SealedError):
    """The answer is larger than is accepted."""


class SealedUnavailable(SealedError):
    """No child could be started: the machine is out of processes, memory or descriptors."""


class SealedBusy(SealedError):
    """So many slow calls of this owner wait already that the caller did not want to wait too."""


class SealedClosed(SealedError):
    """The children of this process were closed while the call waited or ran."""


class SealedGivenUp(SealedClosed):
    """The call waited for its turn, and its caller was told not to wait any longer."""
