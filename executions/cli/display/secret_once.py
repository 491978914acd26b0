"""A secret that is shown now and never again: alone on the output, so that a pipe takes it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from executions.cli.formats import Sentence


def show_secret(document: Mapping[str, Any], sentence: str, output: Sentence) -> None:
    """Print the secret of a ``document``, and the ``sentence`` beside it; as JSON all of it."""
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        print_structured(document)
        return
    print(sentence, file=sys.stderr)
    print(document["secret"])
