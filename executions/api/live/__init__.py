"""Following an execution by SSE or a WebSocket: a snapshot, then every update until it ends."""
