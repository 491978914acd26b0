"""The folders of templates, static files and examples: beside the packages in a checkout, inside
this one in a wheel.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_SHIPPED = PACKAGE / "_assets"
ASSETS = _SHIPPED if _SHIPPED.is_dir() else PACKAGE.parent

TEMPLATES = ASSETS / "templates"
STATIC = ASSETS / "static"
EXAMPLES = ASSETS / "examples"
# A repository with a mistake in it, as a bundle of git.
DEMO_REPOSITORY = PACKAGE.parent / "executions" / "demo" / "repository.bundle"

# Packages that bring static files of their own.
_OTHERS = ("django", "django-allauth")


@cache
def static_digest() -> str:
    """The digest of all static files together, the same on every host that has the same files."""
    hasher = hashlib.sha256(" ".join(version(name) for name in _OTHERS).encode())
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        hasher.update(f"\n{path.relative_to(STATIC).as_posix()} {content}".encode())
    return hasher.hexdigest()[:16]
