"""Runs inside the interpreter that is examined: tries what is installed there, one library a process.

Only the standard library is imported until a probe asks for more, in a way that Python 3.8 understands; it
is run by its source text. A line says which probe begins, so that a crash has a name, and a line how it
ended. Each probe knows the versions that it is for: what a release does not have is no failure of it.
"""

from __future__ import annotations

import importlib
import json
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MARK = "depguard-probe:"
"""Starts the lines that are meant: a library may print others."""


_FACTS: dict[str, str] = {}
"""What is known of the host (``accelerator``), set before the probes run."""


class NotFor(Exception):  # noqa: N818 - not an error: the reason why a probe does not apply
    """The probe is not for this version or machine."""


def _version(module: Any) -> tuple[int, ...]:
    numbers = []
    for part in str(module.__version__).split("+")[0].split("."):
        digits = "".join(c for c in part if c.isdigit())
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)


def _expect(seen: object, wanted: object, what: str) -> None:
    if seen != wanted:
        raise ValueError(f"{what} is {seen!r}, not {wanted!r}")


def _holds(fact: object, what: str) -> None:
    if not fact:
        raise ValueError(f"{what}: no")


def _load(name: str) -> Any:
    return importlib.import_module(name)


def numpy_import() -> None:
    """The package and its compiled core."""
    numpy = _load("numpy")

    if _version(numpy) >= (2, 1):  # 2.0 and 1.x have no such name, and are healthy
        _holds(hasattr(_load("numpy._core.umath"), "_center"), "whether numpy._core.umath has _center")
    _expect(str(numpy.arange(3).sum()), "3", "the sum of 0, 1, 2")


def numpy_structs() -> None:
    """The size of a dtype as C sees it: what compiled modules of another numpy trip over."""
    numpy = _load("numpy")

    size = numpy.dtype.__basicsize__
    if sys.maxsize < 2**32:
        raise NotFor("32 bit")
    if _version(numpy) < (1, 20) or _version(numpy) >= (3,):
        raise NotFor("numpy " + numpy.__version__)
    # 96 bytes under every 1.x from 1.20 on; 2.x moved most of it into a part of its own.
    fits = size == 96 if _version(numpy) < (2,) else 80 <= size < 96
    _holds(fits, f"whether a dtype of {size} bytes fits numpy {numpy.__version__}")
    # Compiled against numpy's headers by Cython: its import compares the sizes.
    _load("numpy.random._generator")


def numpy_blas() -> None:
    """A matrix product through BLAS, checked in whole numbers."""
    numpy = _load("numpy")

    rows = numpy.arange(64 * 64, dtype=numpy.float64).reshape(64, 64) % 7
    whole = rows.astype(numpy.int64)
    _holds((rows @ rows == whole @ whole).all(), "whether BLAS multiplies as integers do")


def numpy_lapack() -> None:
    """A linear system and eigenvalues through LAPACK."""
    numpy = _load("numpy")

    matrix = numpy.array([[4.0, 1.0], [1.0, 3.0]])
    found = numpy.linalg.solve(matrix, numpy.array([1.0, 2.0]))
    _holds(numpy.allclose(matrix @ found, [1.0, 2.0]), "whether LAPACK solves a system")
    values = numpy.linalg.eigvalsh(numpy.diag([1.0, 2.0, 3.0]))
    _holds(numpy.allclose(values, [1.0, 2.0, 3.0]), "whether LAPACK finds eigenvalues")


def numpy_random() -> None:
    """A stream that is the same in every release since 1.17 (NEP 19)."""
    numpy = _load("numpy")

    _expect(round(float(numpy.random.RandomState(0).rand()), 12), 0.548813503927, "RandomState(0)")
    _expect(round(float(numpy.random.default_rng(12345).random()), 12), 0.227336022467, "default_rng(12345)")


def scipy_on_numpy() -> None:
    """Compiled modules of scipy with arrays of this numpy."""
    numpy = _load("numpy")
    linalg, sparse, special = (_load(f"scipy.{part}") for part in ("linalg", "sparse", "special"))

    found = linalg.solve(numpy.array([[2.0, 0.0], [0.0, 4.0]]), numpy.array([2.0, 4.0]))
    _holds(numpy.allclose(found, [1.0, 1.0]), "whether scipy.linalg solves a system")
    _expect(float(special.gamma(5.0)), 24.0, "gamma(5)")
    _expect(int(sparse.csr_matrix(numpy.eye(3)).sum()), 3, "the sum of a sparse unit matrix")


def pandas_on_numpy() -> None:
    """Compiled modules of pandas with arrays of this numpy."""
    numpy = _load("numpy")
    pandas = _load("pandas")

    frame = pandas.DataFrame({"k": ["a", "b", "a"], "v": numpy.array([1, 2, 3])})
    _expect(frame.groupby("k")["v"].sum().to_dict(), {"a": 4, "b": 2}, "a grouped sum")
    _expect(pandas.to_datetime("2026-11-22").dayofweek, 6, "the day of 2026-11-22")


def torch_import() -> None:
    """The package, its libraries, and a small product with a known result."""
    torch = _load("torch")

    rows = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    _expect((rows @ rows.T).tolist(), [[5.0, 14.0], [14.0, 50.0]], "a matrix product")


def torch_numpy() -> None:
    """Tensors and arrays share memory, both ways."""
    try:
        numpy = _load("numpy")
    except ImportError:
        raise NotFor("there is no numpy") from None
    torch = _load("torch")

    array = numpy.zeros(3, dtype=numpy.float32)
    tensor = torch.from_numpy(array)
    tensor[0] = 1.0
    array[1] = 2.0
    _expect(tensor.tolist(), [1.0, 2.0, 0.0], "a tensor over an array")
    tensor.numpy()[2] = 3.0
    _expect(array.tolist(), [1.0, 2.0, 3.0], "an array under a tensor")


def torch_checkpoint() -> None:
    """A state that is saved and loaded again is the same."""
    import io

    torch = _load("torch")

    state = {"weight": torch.arange(10, dtype=torch.float32), "step": 7}
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    safe = {"weights_only": True} if _version(torch) >= (1, 13) else {}
    loaded = torch.load(file, **safe)
    _expect(loaded["weight"].tolist(), state["weight"].tolist(), "a loaded tensor")
    _expect(loaded["step"], 7, "a loaded number")


def torch_cuda() -> None:
    """Whether there is a GPU, as the host says; with one, pinned memory, a transfer and a product."""
    torch = _load("torch")

    expected = _FACTS.get("accelerator")
    available = torch.cuda.is_available()
    if expected is None and not available:
        raise NotFor("no GPU, and no host that says there should be one")
    if expected in ("gpu", "cpu"):
        if expected == "cpu" and not available:
            return
        _expect(available, expected == "gpu", "torch.cuda.is_available()")
    here = torch.arange(16, dtype=torch.float32).reshape(4, 4).pin_memory()
    there = here.to("cuda", non_blocking=True)
    torch.cuda.synchronize()
    _expect((there @ there).cpu().tolist(), (here @ here).tolist(), "a product on the GPU")


def tokenizers_encode() -> None:
    """The compiled tokenizers encode two words."""
    words = _load("tokenizers.models").WordLevel({"deep": 0, "guard": 1})
    tokenizer = _load("tokenizers").Tokenizer(words)
    tokenizer.pre_tokenizer = _load("tokenizers.pre_tokenizers").Whitespace()
    _expect(tokenizer.encode("deep guard").ids, [0, 1], "the ids of two words")


PROBES: dict[str, dict[str, Callable[[], None]]] = {
    "numpy": {
        "numpy.import": numpy_import,
        "numpy.structs": numpy_structs,
        "numpy.blas": numpy_blas,
        "numpy.lapack": numpy_lapack,
        "numpy.random": numpy_random,
    },
    "scipy": {"scipy.numpy": scipy_on_numpy},
    "pandas": {"pandas.numpy": pandas_on_numpy},
    "torch": {
        "torch.import": torch_import,
        "torch.numpy": torch_numpy,
        "torch.checkpoint": torch_checkpoint,
        "torch.cuda": torch_cuda,
    },
    "tokenizers": {"tokenizers.encode": tokenizers_encode},
}
"""The built-in probes by project and name, in the order in which they run."""


def _custom(target: str) -> Callable[[], None]:
    """A policy's probe: an import, or a function that raises or returns False when something is wrong."""

    def run() -> None:
        module, _, function = target.partition(":")
        found = _load(module)
        if function:
            for name in function.split("."):
                found = getattr(found, name)
            if found() is False:
                raise ValueError("it returned False")

    return run


def main(request: dict[str, Any]) -> None:
    """Run the probes of one library, or those of a policy, and print a line before and after each."""
    _FACTS.update(request.get("facts", {}))
    probes = dict(PROBES.get(request.get("project", ""), {}))
    probes.update((target, _custom(target)) for target in request.get("custom", ()))
    for name, probe in probes.items():
        _say({"name": name, "begins": True})
        began = time.perf_counter()
        outcome, detail = "passed", ""
        try:
            probe()
        except NotFor as reason:
            outcome, detail = "skipped", str(reason)
        except BaseException as error:  # noqa: BLE001 - whatever a broken library raises is what is looked for
            outcome, detail = "failed", f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - began
        _say({"name": name, "outcome": outcome, "detail": detail.split("\n")[0][:300], "seconds": seconds})


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write("\n" + MARK + json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if "" in sys.path:  # Python before 3.11 knows no PYTHONSAFEPATH
        sys.path.remove("")
    main(json.loads(sys.argv[1]))
