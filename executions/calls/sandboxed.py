"""The settings that calls in the sandbox need."""

# With less free space than this a host makes no workspace and is not ready for more work.
FREE_BYTES = 64 * 1024 * 1024
# How long one attempt may take, where its task says nothing.
ATTEMPT_SECONDS = 600.0
LIMITS = {
    "is_on": "STIGMER_COMMANDS",
    "may": "STIGMER_COMMANDS_MAY",
    "folder": "STIGMER_WORKSPACE_FOLDER",
    "hidden": "STIGMER_HOME",
    "memory_bytes": "STIGMER_COMMAND_MEMORY_BYTES",
    "disk_bytes": "STIGMER_WORKSPACE_BYTES",
}
