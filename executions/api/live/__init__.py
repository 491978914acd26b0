"""Following an execution: a snapshot first, then every update until it ends, over SSE or a WebSocket."""
