"""An agent's run: an execution whose journal a model writes.

The walk (:mod:`executions.agents.walking`) yields the same requests as a workflow's, so that every
verb, recovery and page works on it. It is pure: what it needs of the database it is handed.
"""
