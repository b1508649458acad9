from __future__ import annotations

import time
import tracemalloc
from collections import Counter

from kit.mutants import mutant, read_mutant


def test_mutated_files_are_read_or_refused_in_little_time_and_memory() -> None:
    """A sample; `make fuzz-binaries` reads 100,000."""
    tracemalloc.start()
    began = time.process_time()
    seen = Counter(read_mutant(number) for number in range(1500))
    spent = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert set(seen) == {"read", "damaged", "refused", "listed"}
    assert peak < 32 << 20
    assert spent < 60


def test_the_same_number_gives_the_same_bytes() -> None:
    assert mutant(7) == mutant(7)
    assert mutant(7) != mutant(11)
