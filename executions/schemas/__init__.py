"""JSON Schema: whether a value fits one, and whether a schema can be used at all.

Schemas are foreign text. They are worked on by `jsonschema-rs` in sealed children
(:mod:`executions.sealed`), under a deadline and a memory limit, never in this process. So ask
outside of transactions: an answer may take as long as the deadline, and longer where several
checks of one owner wait for their turn.
"""

from executions.schemas.asking import fault, problems
from executions.schemas.errors import SchemaBusy, SchemaError, SchemaStopped, SchemaUnusable

__all__ = ["SchemaBusy", "SchemaError", "SchemaStopped", "SchemaUnusable", "fault", "problems"]
