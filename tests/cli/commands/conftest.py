"""People at the machine that Stigmer runs on."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.terminal import Terminal
from tests.live import LiveStigmer


@pytest.fixture
def keeper(live_stigmer: LiveStigmer, tmp_path: Path) -> Terminal:
    """Whoever sits at the machine that Stigmer runs on."""
    port = urlsplit(live_stigmer.base_url).port
    return Terminal(tmp_path, {"STIGMER_HOME": str(live_stigmer.home), "STIGMER_PORT": str(port)})
