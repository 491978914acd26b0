"""The commands of MCP servers have a bounded memory together. In a process of its own: whatever is a
child of this one could be ended.
"""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import asyncio, json, subprocess, sys
from executions.mind import memory, servers

GROWS = "import sys, time; kept = bytearray(int(sys.argv[1]) * 1024 * 1024); print(1, flush=True); time.sleep(60)"
children = [
    subprocess.Popen([sys.executable, "-c", GROWS, size], stdout=subprocess.PIPE)
    for size in ("20", "120")
]
for child in children:
    child.stdout.readline()
used = memory.used()
memory.WHOLE_BYTES = sum(used.values()) - 50 * 1024 * 1024
servers.WATCH_SECONDS = 0.01

async def watched():
    watch = asyncio.create_task(servers.Servers()._watch_memory())
    while children[1].poll() is None:
        await asyncio.sleep(0.01)
    watch.cancel()

asyncio.run(asyncio.wait_for(watched(), 30))
print(json.dumps([[used[child.pid] for child in children], [child.poll() for child in children]]))
children[0].kill()
"""


def test_the_largest_ends_where_all_together_are_too_large() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    used, ended = json.loads(done.stdout)
    assert used[1] - used[0] > 90 * 1024 * 1024
    assert ended == [None, -9]
    assert "is ended" in done.stderr
