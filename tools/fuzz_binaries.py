"""Reads mutated ELF files and wheels by the hundred thousand: no crash, no hang, bounded memory.

    PYTHONPATH=src:tests .venv/bin/python tools/fuzz_binaries.py 100000

Stops at the first input that raises, takes over five seconds, or makes this process grow beyond a gigabyte,
and prints its number: `kit.mutants.mutant(NUMBER)` gives the bytes again.
"""

from __future__ import annotations

import resource
import signal
import sys
import time
from collections import Counter
from types import FrameType

from kit.mutants import read_mutant

_SECONDS = 5
_MEMORY = 1 << 30


def _hangs(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"over {_SECONDS} seconds")


def main() -> int:
    """Read as many as the first argument says. 0 where all went well."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGALRM, _hangs)
    seen: Counter[str] = Counter()
    slowest, began = (0.0, 0), time.monotonic()
    for number in range(count):
        signal.alarm(_SECONDS)
        start = time.monotonic()
        try:
            seen[read_mutant(number)] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            print(f"input {number}: {type(error).__name__}: {error}")
            return 1
        slowest = max(slowest, (time.monotonic() - start, number))
    signal.alarm(0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count} inputs in {time.monotonic() - began:.0f} s: {dict(sorted(seen.items()))}")
    print(f"slowest {slowest[0] * 1000:.0f} ms (input {slowest[1]}), peak memory {peak:.0f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
