"""``python -m executions.api``: write the OpenAPI document to docs/openapi.json."""

from __future__ import annotations

import json
import os
from pathlib import Path

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stigmer_site.settings")
    django.setup()
    from executions.api.pages import document

    target = Path("docs/openapi.json")
    target.write_text(json.dumps(document(), indent=1, ensure_ascii=False) + "\n")
    print(f"{target} is written.")


if __name__ == "__main__":
    main()
