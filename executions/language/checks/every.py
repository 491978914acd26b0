"""Every check of a document."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from executions.calls.kind import KnownPeople
from executions.language.checks.flow import check_flow
from executions.language.checks.formulas import CheckExpression, check_formulas
from executions.language.checks.outline import outline
from executions.language.checks.references import check_references
from executions.language.checks.report import Report
from executions.language.checks.schemas import SchemaChecks, check_schemas
from executions.language.checks.secrets import RefuseSecret, check_secrets
from executions.language.checks.settings import check_settings


def check(
    document: dict[str, Any],
    report: Report,
    check_expression: CheckExpression,
    known_functions: Collection[str] | None,
    known_people: KnownPeople | None,
    refuse_secret: RefuseSecret | None = None,
    owner: str = "",
) -> None:
    """Put into ``report`` all that is wrong with a document, whether or not its parts have the
    right shape.
    """
    document_outline = outline(document, known_functions, known_people)
    check_flow(document_outline, report)
    check_references(document_outline, report)
    check_formulas(document_outline, check_expression, report)
    check_secrets(document_outline, refuse_secret, report)
    check_schemas(document_outline, SchemaChecks(owner), report)
    check_settings(document_outline, report)
