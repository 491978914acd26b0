"""`python -m benchmarks.streams [SESSIONS] [SECONDS]`: what answers that stream at once cost two
workers with their minds: memory, and processor time for a thousand tokens.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

WORKERS, RATE = 2, 20
PATIENCE_SECONDS = 300.0


class _Deadline:
    def remaining(self) -> float:
        return PATIENCE_SECONDS


class _Never:
    def on_request(self, stop: Any) -> None:
        """Nobody asks it to stop."""


def worker(address: str, sessions: int) -> None:
    """One worker's share, each session in a thread, as slots are; prints what it took."""
    from executions import mind
    from executions.mind import process

    model = {
        "name": "demo",
        "protocol": "openai-chat",
        "address": address,
        "key": "",
        "remote_name": "demo",
        "silence_seconds": 60.0,
        "max_tokens": None,
    }
    asked: dict[str, Any] = {"do": "answer", "model": model, "instructions": "Stream."}
    asked["tools"] = []
    asked["messages"] = [{"role": "user", "text": "stream"}]
    failed: list[str] = []

    def ask() -> None:
        try:
            mind.request(dict(asked), deadline=_Deadline(), stopping=_Never())
        except mind.RequestFailed as problem:
            failed.append(problem.problem.detail)

    mind.request(
        dict(asked) | {"messages": [{"role": "user", "text": "hello"}]},
        deadline=_Deadline(),
        stopping=_Never(),
    )
    pid = process.pid()
    assert pid is not None
    own, child = psutil.Process(), psutil.Process(pid)
    before = sum(sum(each.cpu_times()[:2]) for each in (own, child))
    threads = [threading.Thread(target=ask) for _ in range(sessions)]
    began, most = time.monotonic(), 0
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most = max(most, own.memory_info().rss + child.memory_info().rss)
        time.sleep(0.2)
    spent = sum(sum(each.cpu_times()[:2]) for each in (own, child)) - before
    took = time.monotonic() - began
    mind.close()
    print(json.dumps({"bytes": most, "cpu": spent, "took": took, "failed": failed}), flush=True)


def main(sessions: int, seconds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scripts").mkdir()
        say = "word " * (RATE * seconds)
        script = {"when": "^stream$", "answers": [{"say": say, "rate": RATE}]}
        (folder / "scripts" / "stream.yaml").write_text(json.dumps(script))
        server = [sys.executable, "-m", "executions.demo", "--port", "0", "--folder", name]
        demo = subprocess.Popen(server, stdout=subprocess.DEVNULL)
        try:
            while not (folder / "address").exists():
                time.sleep(0.05)
            address = (folder / "address").read_text() + "v1"
            share = [address, str(sessions // WORKERS)]
            command = [sys.executable, "-m", "benchmarks.streams", "worker", *share]
            workers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(WORKERS)]
            reports = [json.loads(each.communicate()[0].splitlines()[-1]) for each in workers]
        finally:
            demo.kill()
            demo.wait()
    tokens = sessions * seconds * RATE
    print(
        f"{sessions} answers of {RATE} tokens/s for {seconds} s on {WORKERS} workers:"
        f" {sum(each['bytes'] for each in reports) / 2**20:,.0f} MiB,"
        f" {sum(each['cpu'] for each in reports) / tokens * 1000:.2f} s of processor time for 1,000"
        f" tokens, over after {max(each['took'] for each in reports):.1f} s,"
        f" {sum(len(each['failed']) for each in reports)} failed"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(sys.argv[2], int(sys.argv[3]))
    else:
        main(*(int(each) for each in (sys.argv[1:] + ["100", "20"][len(sys.argv) - 1 :])[:2]))
