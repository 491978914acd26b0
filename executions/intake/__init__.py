"""How workflows and executions come into being."""
