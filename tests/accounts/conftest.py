from __future__ import annotations

import pytest
from django.conf import settings

from executions.accounts import refused, throttle
from executions.clients import rates
from executions.clients.rates import OwnBuckets, SharedBuckets
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def patient_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that answers late, on a busy machine, is not taken for one that is away: this process
    would count for itself then, and let as many tries in again.
    """
    monkeypatch.setattr(rates, "TIMEOUT_SECONDS", PATIENCE_SECONDS)
    buckets = SharedBuckets(settings.REDIS_URL, OwnBuckets())
    monkeypatch.setattr(throttle, "buckets", buckets)
    monkeypatch.setattr(refused, "buckets", buckets)
