"""The decisions of the verbs: one way to open an execution, one move for each decision."""
