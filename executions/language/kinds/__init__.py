"""One file per kind of task. The table is in the order in which problems name the kinds."""

from __future__ import annotations

from executions.language.kinds.call_task import CallTask
from executions.language.kinds.do_task import DoTask
from executions.language.kinds.emit_task import EmitTask
from executions.language.kinds.for_task import ForTask
from executions.language.kinds.fork_task import ForkTask
from executions.language.kinds.listen_task import ListenTask
from executions.language.kinds.raise_task import RaiseTask
from executions.language.kinds.run_task import RunTask
from executions.language.kinds.set_task import SetTask
from executions.language.kinds.switch_task import SwitchTask
from executions.language.kinds.try_task import TryTask
from executions.language.kinds.wait_task import WaitTask
from executions.language.model.task import KINDS, TaskBase

_ROWS: tuple[type[TaskBase], ...] = (
    DoTask,
    SetTask,
    SwitchTask,
    ForTask,
    ForkTask,
    TryTask,
    RaiseTask,
    WaitTask,
    CallTask,
    RunTask,
    EmitTask,
    ListenTask,
)
KINDS.update({row.kind: row for row in _ROWS})

__all__ = ["KINDS"]
