"""Run one command and say what it took: a program of its own, so small that its memory counts for nothing.

    python -I -S bench/launch.py OUT COMMAND...     writes JSON to OUT: code, wall, cpu (seconds), memory (MB)

A child's peak memory begins with what its parent had before it became another program; the benchmark's own
process would be most of it.
"""

import json
import os
import sys
import time

out, command = sys.argv[1], sys.argv[2:]
begun = time.perf_counter()
pid = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - begun
with open(out, "w") as stream:  # noqa: PTH123 - nothing is imported that is not needed
    json.dump(
        {
            "code": os.waitstatus_to_exitcode(status),
            "wall": wall,
            "cpu": usage.ru_utime + usage.ru_stime,
            # Linux gives kilobytes, macOS bytes.
            "memory": usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1024),
        },
        stream,
    )
