"""A command in the sandbox: what ``run: shell`` and ``run: script`` do."""

from __future__ import annotations

from executions.calls import sandboxed
from executions.calls.command.arguments import CommandArguments
from executions.calls.kind import Arguments, CallKind, Effect


def _effect_of(arguments: Arguments) -> Effect:
    """A command on its own leaves nothing behind. In a workspace a half of it may stay, and nobody
    knows what it would do a second time.
    """
    return "at_most_once" if (arguments or {}).get("workspace") else "idempotent"


COMMAND = CallKind(
    "command",
    CommandArguments,
    needs="an object with `shell`, `script` or `container`",
    effect_of=_effect_of,
    # With another line, program or reach it does another thing with the secrets that it is given.
    destinations=("shell", "script", "container", "network"),
    limits=sandboxed.LIMITS
    | {
        "artifacts": "STIGMER_ARTIFACTS",
        "artifact_bytes": "STIGMER_ARTIFACT_BYTES",
        "value_bytes": "STIGMER_VALUE_BYTES",
    },
    attempt_seconds=lambda: sandboxed.ATTEMPT_SECONDS,
    # Its output is shown while it runs, and kept with the attempt.
    streams=True,
    keeps_log=True,
    takes_secrets=False,
)
