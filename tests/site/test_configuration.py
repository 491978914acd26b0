from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETTING = re.compile(r'env\.\w+\(\s*"([A-Z_]+)"')
VARIABLE = re.compile(r'os\.environ(?:\.get\(|\[)\s*"([A-Z_]+)"')
ROW = re.compile(r"^\| `([A-Z_]+)` \| .+ \| .+ \|$", re.MULTILINE)


def test_each_name_that_is_read_is_explained_and_each_explained_name_is_read() -> None:
    read = set(SETTING.findall((ROOT / "stigmer_site" / "settings.py").read_text()))
    for source in (ROOT / "executions" / "cli" / "remote").glob("*.py"):
        read |= set(VARIABLE.findall(source.read_text()))
    explained = ROW.findall((ROOT / "docs" / "configuration.md").read_text())
    assert sorted(explained) == sorted(read)
