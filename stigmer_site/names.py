"""Names of settings that somebody sets and nothing reads: misspelt ones, and ones of an earlier
version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from django.core.exceptions import ImproperlyConfigured

PREFIX = "STIGMER_"
# Read elsewhere: by the command towards a server, and by processes that start each other.
ELSEWHERE = {
    "STIGMER_ANSWERS",
    "STIGMER_COMMAND",
    "STIGMER_GATED",
    "STIGMER_SERVER",
    "STIGMER_SUPERVISOR_PID",
    "STIGMER_TOKEN",
}
FAMILIES = ("STIGMER_SECRET_", "STIGMER_TEST_")
_SILENCE = "It follows STIGMER_PROCESS_SILENCE_SECONDS now."
_AUDIT = "It is a file in STIGMER_AUDIT_FOLDER: `audit-key`, `audit-heads.jsonl`."
_MEMORY = "STIGMER_MEMORY_BYTES is for functions and commands."
_OIDC = "It stands in one address: STIGMER_OIDC_URL=https://client:secret@issuer?name=…&groups=…."
_URL = "It follows the addresses that people use: STIGMER_URL=https://stigmer.example.org."
_VALUES = "It follows STIGMER_VALUE_BYTES now."
INSTEAD = {
    "STIGMER_ACCEPT_WHEN_IDLE": "Write `STIGMER_QUEUE=always`.",
    "STIGMER_DATABASE_CONNECTIONS": "It stands in the address: DATABASE_URL=…?connections=14.",
    "STIGMER_PREPARED_STATEMENTS": "It stands in the address: DATABASE_URL=…?prepared=off.",
    "STIGMER_HEARTBEAT_SECONDS": _SILENCE,
    "STIGMER_SWEEP_SECONDS": _SILENCE,
    "STIGMER_RING_AGAIN_SECONDS": _SILENCE,
    "STIGMER_REQUEST_BYTES": _VALUES,
    "STIGMER_HTTP_RESPONSE_BYTES": _VALUES,
    "STIGMER_METRICS_LOCAL": "Send the token of STIGMER_METRICS_TOKEN.",
    "STIGMER_ATTEMPT_SECONDS": "A task says it: `metadata: {attemptTimeout: …}`.",
    "STIGMER_COMMAND_SECONDS": "A task says it: `metadata: {attemptTimeout: …}`.",
    "STIGMER_ALLOWED_HOSTS": _URL,
    "STIGMER_ARCHIVE_FOLDER": "Archives lie in `archives` in STIGMER_HOME.",
    "STIGMER_ARTIFACT_BYTES": "A file that is kept has at most 100 MiB.",
    "STIGMER_AUDIT_HEADS_FILE": _AUDIT,
    "STIGMER_AUDIT_KEY_FILE": _AUDIT,
    "STIGMER_BIND": "It stands before the port: STIGMER_PORT=0.0.0.0:8000.",
    "STIGMER_COMMAND_MEMORY_BYTES": _MEMORY,
    "STIGMER_COMMANDS": "Write `STIGMER_COMMANDS_MAY=off` to turn them off.",
    "STIGMER_DEMO_PORT": "Write `STIGMER_DEMO=8001`: a port turns the demo on.",
    "STIGMER_FUNCTION_MEMORY_BYTES": _MEMORY,
    "STIGMER_FUNCTION_PROCESSES": "It is two for each owner; more workers run more functions.",
    "STIGMER_GIT_HOSTS": "Hosts stand among the repositories: STIGMER_REPOSITORIES=github.com/*.",
    "STIGMER_HTTPS": _URL,
    "STIGMER_HTTP_ALLOWED_PORTS": "Ports stand among the hosts: STIGMER_HTTP_ONLY_HOSTS=*:443.",
    "STIGMER_LOG_FORMAT": "Records are text on a terminal, JSON lines elsewhere.",
    "STIGMER_LOGIN_TRIES": "Five log-ins may fail, and then one every three minutes.",
    "STIGMER_MAIL_FROM": "It stands in the address: STIGMER_MAIL_URL=…?from=stigmer@example.org.",
    "STIGMER_OIDC_CLIENT_ID": _OIDC,
    "STIGMER_OIDC_CLIENT_SECRET": _OIDC,
    "STIGMER_OIDC_GROUPS_CLAIM": _OIDC,
    "STIGMER_OIDC_ISSUER": _OIDC,
    "STIGMER_OIDC_NAME": _OIDC,
    "STIGMER_ORIGINS": _URL,
    "STIGMER_SECRET_KEY_FALLBACKS": "They follow the key: STIGMER_SECRET_KEY=new,old.",
    "STIGMER_SECRETS_ACCESS_FILE": (
        "Say it in the file of STIGMER_SECRETS_FILE under `$access`; of a folder, in `.access`."
    ),
    "STIGMER_WORKSPACES_BYTES": "It is 25 times STIGMER_WORKSPACE_BYTES.",
}

# Former names that kept something in: to start without them would allow more than was meant.
BOUNDS = (
    "STIGMER_AUDIT_KEY_FILE",
    "STIGMER_COMMANDS",
    "STIGMER_HTTPS",
    "STIGMER_HTTP_ALLOWED_PORTS",
    "STIGMER_SECRETS_ACCESS_FILE",
)


def check_bounds(environment: Collection[str]) -> None:
    """Raises ImproperlyConfigured where a former name that kept something in is set: nothing starts
    until its bound stands where it is read.
    """
    for name in BOUNDS:
        if name in environment:
            raise ImproperlyConfigured(
                f"{name} is read no more. {INSTEAD[name]} Then leave it out."
            )


def unread(environment: Collection[str], read: Collection[str]) -> Iterator[tuple[str, str]]:
    """The fault of each such name, and its remedy; ``read`` are the names of the settings."""
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name.startswith(FAMILIES):
            continue
        if name not in ELSEWHERE and name not in read:
            yield f"There is no setting {name}: it changes nothing.", _remedy(name, read)


def _remedy(name: str, read: Collection[str]) -> str:
    if name in INSTEAD:
        return INSTEAD[name]
    alike = get_close_matches(name, read, n=1, cutoff=0.85)
    if alike:
        return f"Is {alike[0]} meant?"
    return "Leave it out; docs/configuration.md lists all settings."
