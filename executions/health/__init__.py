"""Health that does not lie: is this server alive, is it ready to take work, and what does it count?

``/healthz`` asks nothing of others, ``/readyz`` answers with each check, its figure and its remedy
(JSON, or a page for a browser), ``/metrics`` is Prometheus' text.
"""

from executions.health.checks import Check, State, look
from executions.health.metrics_view import metrics
from executions.health.views import healthz, readyz

__all__ = ["Check", "State", "healthz", "look", "metrics", "readyz"]
