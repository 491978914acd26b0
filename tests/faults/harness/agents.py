"""The agent that is interrupted: three turns, two tools beside each other of which one asks a
person, and another agent that work is handed to. A demonstration model plays its answers; what that
wrote down is the witness of what was paid for.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.harness.shapes import Shape
from tests.waiting import until

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from executions.models import Execution

FOLDER, PORT_FILE = "model", "model.port"
ADDRESS = "STIGMER_TEST_MODEL"
TEXT = "kind: Agent\nname: {name}\ninstructions: You are interrupted all the time.\nmodel: demo\n"
TOOLS = """tools:
- {function: faults.note, name: note, approval: never}
- {function: faults.note, name: pay, approval: always}
- {agent: faults-expert, approval: never}
"""


@dataclass(frozen=True, slots=True)
class AgentShape(Shape):
    """``turns`` is how many different requests the model gets, ``rate`` how many pieces of text a
    second it sends.
    """

    turns: int = 4
    rate: float = 0.0

    def seen(self, output: Any) -> Any:
        return output["text"] if isinstance(output, dict) else output


AGENT = AgentShape("faults-agent", "", "Done: forty-two", 2)


def apply(ann: User) -> None:
    """Bring the agents, and the model that they ask, into this database."""
    from executions.intake.agents import apply_agent
    from executions.models import LanguageModel

    address = f"{os.environ[ADDRESS]}v1"
    LanguageModel.objects.get_or_create(
        name="demo", defaults={"address": address, "remote_name": "demo", "silence_seconds": 20}
    )
    apply_agent(TEXT.format(name="faults-expert"), ann)
    apply_agent(TEXT.format(name=AGENT.name) + TOOLS, ann)


def start(shape: AgentShape, name: str, ann: User) -> str:
    """A run of its own script, so that the model's ledger tells which requests are its."""
    from executions.intake.start import start_agent
    from executions.models import Agent

    write_script(shape, name)
    agent = Agent.objects.get(slug=shape.name)
    return str(start_agent(agent, ann, message=f"look {key(name)}", name=name).pk)


def write_script(shape: AgentShape, name: str) -> None:
    """What the model plays in the trial of this name, and in no other."""
    folder = Path(os.environ["STIGMER_TEST_FAULTS"]) / FOLDER / "scripts"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.yaml"):
        old.unlink()
    own = key(name)
    note, pay = ({"name": each, "arguments": {"word": each}} for each in ("note", "pay"))
    expert = {"name": "agent_faults-expert", "arguments": {"message": f"deep {own}"}}
    pace = {"rate": shape.rate} if shape.rate else {}
    said = "word " * 12 if shape.rate else ""
    answers = [
        {"say": f"{said}Two.", "calls": [note, pay], **pace},
        {"say": f"{said}Expert.", "calls": [expert], **pace},
        {"say": "Done: {result.text}", **pace},
    ]
    scripts = {"look": answers, "deep": [{"say": "forty-two", **pace}]}
    for word, played in scripts.items():
        text = json.dumps({"when": f"^{word} {own}$", "answers": played})
        (folder / f"{own}-{word}.yaml").write_text(text)


def key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def answer(execution: Execution, ann: User) -> bool:
    """Approve what is asked. False: nothing is."""
    from executions.models import Ask
    from executions.verbs.asks import Answer, respond

    ask = Ask.objects.open().select_related("execution", "step").filter(execution=execution).first()
    if ask is None:
        return False
    respond(ask, ann, Answer("approve"))
    return True


def entries(name: str) -> list[dict[str, Any]]:
    """What the model was asked in the trial of this name."""
    with urllib.request.urlopen(f"{os.environ[ADDRESS]}v1/ledger", timeout=10) as response:
        found: list[dict[str, Any]] = json.load(response)
    return [entry for entry in found if entry["script"].startswith(f"{key(name)}-")]


def unpaid(execution: Execution, shape: AgentShape) -> Iterator[str]:
    """A turn is paid for once, and once more for each attempt whose answer was not stored."""
    from django.db.models import Q

    from executions.models import Attempt

    paid = Counter(entry["digest"] for entry in entries(execution.name) if entry["in_full"])
    if len(paid) != shape.turns:
        yield f"I4: {len(paid)} requests were answered, not {shape.turns}"
    family = Q(step__execution=execution) | Q(step__execution__parent=execution)
    lost = Attempt.objects.filter(family, outcome="lost", step__path__regex=r"^/turn/[0-9]+$")
    repeated = sum(paid.values()) - len(paid)
    if repeated > lost.count():
        yield f"I4: {repeated} turns were paid for again, {lost.count()} attempts were lost: {paid}"


@contextmanager
def model_server(folder: Path) -> Iterator[str]:
    """The demonstration model in a process of its own, writing into ``folder``; its address."""
    command = [sys.executable, "-m", __name__, str(folder / FOLDER)]
    (folder / FOLDER).mkdir()
    process = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[3])
    port_file = folder / FOLDER / PORT_FILE
    try:
        until(lambda: port_file.exists() or process.poll() is not None, what="the model listens")
        yield port_file.read_text()
    finally:
        process.kill()
        process.wait()


def main(folder: Path) -> None:
    from executions.demo.server import ShopServer

    server = ShopServer("127.0.0.1", 0, folder)
    part = folder / (PORT_FILE + ".part")
    part.write_text(server.address)
    os.rename(part, folder / PORT_FILE)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
