"""Where templates, static files and examples lie: beside the packages in a checkout, inside this
one in a wheel.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_SHIPPED = PACKAGE / "_assets"
ASSETS = _SHIPPED if _SHIPPED.is_dir() else PACKAGE.parent

TEMPLATES = ASSETS / "templates"
STATIC = ASSETS / "static"
EXAMPLES = ASSETS / "examples"
