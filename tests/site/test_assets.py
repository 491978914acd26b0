from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from stigmer_site import assets

ROOT = Path(__file__).resolve().parents[2]


def test_in_a_checkout_the_assets_lie_beside_the_packages() -> None:
    assert assets.TEMPLATES == ROOT / "templates"
    assert assets.STATIC.is_dir()


def test_the_wheel_carries_templates_and_static_files_and_not_the_tests(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel"]
    subprocess.run(
        [*build, "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path, ROOT],
        check=True,
    )
    (wheel,) = tmp_path.glob("stigmer-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("templates", "static", "examples"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"stigmer_site/_assets/{folder}/{path.relative_to(ROOT / folder)}" in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]
