"""What the verbs do to an execution: one way to open it, one move for each decision."""
