"""``python -m executions.api``: write the OpenAPI document to docs/openapi.json.

With ``--check`` nothing is written: the command fails where the file is not what it would write.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stigmer_site.settings")
    django.setup()
    from executions.api.pages import document

    target = Path("docs/openapi.json")
    text = json.dumps(document(), indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        if target.read_text() != text:
            sys.exit(f"{target} is not current: run `python -m executions.api`, and commit it.")
        return
    target.write_text(text)
    print(f"{target} is written.")


if __name__ == "__main__":
    main()
