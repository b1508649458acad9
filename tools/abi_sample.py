"""Holds `depguard abi` against the truth: each wheel's modules imported on the NumPy in question.

    .venv/bin/python tools/abi_sample.py --numpy 2.0.2 --into FOLDER [NAME[==VERSION] ...]

Downloads the wheels (some hundred MB), imports every compiled module of each in a process of its own, and
prints what disagrees: a false block (blocked, and all imports are well) or a miss (not blocked, and an import
says that it was built for another NumPy). A module is imported without its package, which may need what is
not installed; some refuse to load like that (pandas 3.1.1's), so try a miss in a whole install. Runs code of
the wheels: on a machine that may be lost.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

SAMPLE = (Path(__file__).parent / "abi_sample.txt").read_text(encoding="utf-8").split()
"""Sixty: of the most downloaded with compiled modules, the newest and some from before NumPy 2."""

_MODULE = re.compile(r"^(?P<path>[A-Za-z_][\w/]*)\.(?:cpython-\d+-[\w-]+\.|abi3\.)?so$")
_BROKEN = re.compile(
    r"compiled using NumPy 1\.x|dtype size changed|_ARRAY_API not found|core\.(multiarray|umath) failed to"
    r"|module (was )?compiled against|size changed, may indicate binary incompatibility"
)
_SEEN = """
import importlib, os, sys, types, warnings
warnings.simplefilter("always")
# Packages without their __init__.py, which may need what is not installed: the module itself counts.
parts = sys.argv[1].split(".")
for i in range(1, len(parts)):
    stub = types.ModuleType(".".join(parts[:i]))
    stub.__path__ = [os.path.join(os.getcwd(), *parts[:i])]
    sys.modules[stub.__name__] = stub
importlib.import_module(sys.argv[1])
print("imported")
"""


def main() -> int:
    """Run the sample. 0 where nothing disagrees."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--numpy", default="2.0.2")
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--most", type=int, default=40, help="modules of a wheel that are imported at most")
    parser.add_argument("names", nargs="*", default=SAMPLE)
    args = parser.parse_args()
    python = _environment(args.into / "venv", args.numpy)
    wrong = modules = broken = 0
    for name in args.names:
        wheel = _download(python, name, args.into / "wheels" / name)
        if wheel is None:
            print(f"{name:28} no wheel here")
            continue
        fit, telling = _verdict(wheel, args.numpy)
        seen, good, bad = _imported(python, wheel, args.into / "unpacked" / wheel.stem, telling, args.most)
        modules, broken = modules + good, broken + bool(bad)
        word = "ok"
        if (fit == "blocked") != bool(bad):
            word, wrong = ("FALSE BLOCK" if fit == "blocked" else "MISS"), wrong + 1
        told = f"{wheel.name[:56]:56} {fit:9} {seen:3} tried, {good} imported, {len(bad)} broken  {word}"
        print(told, *bad[:1], flush=True)
    print(
        f"{len(args.names)} wheels, {modules} modules imported, {broken} wheels broken on NumPy {args.numpy}"
    )
    print(f"{wrong} disagree")
    return int(wrong > 0)


def _environment(folder: Path, numpy: str) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"numpy=={numpy}"], check=True)
    return python


def _download(python: Path, name: str, folder: Path) -> Path | None:
    if not list(folder.glob("*.whl")):
        command = [
            python,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary",
            ":all:",
            "-d",
            folder,
            name,
        ]
        subprocess.run(command, check=False)
    return next(iter(sorted(folder.glob("*.whl"))), None)


def _verdict(wheel: Path, numpy: str) -> tuple[str, frozenset[str]]:
    """What depguard says, and the modules that it goes by: those are tried first."""
    command = [sys.executable, "-m", "depguard", "abi", wheel, "--numpy", numpy, "--format", "json"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    (subject,) = json.loads(told.stdout)["subjects"]
    files = [path for finding in subject["findings"] for path in finding["files"]]
    return subject["fit"], frozenset(files or [b["path"] for b in subject["binaries"] if b["numpy"]])


def _imported(
    python: Path, wheel: Path, folder: Path, telling: frozenset[str], most: int
) -> tuple[int, int, list[str]]:
    """How many modules were tried and imported, and what those say that were built for another NumPy."""
    if not folder.exists():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    paths = sorted(_files(folder), key=lambda path: (path not in telling, path))
    names = [m["path"].replace("/", ".") for m in map(_MODULE.match, paths) if m is not None]
    good, bad = 0, list[str]()
    for name in names[:most]:
        told = subprocess.run(
            [python, "-c", _SEEN, name], capture_output=True, text=True, check=False, cwd=folder, timeout=120
        )
        found = _BROKEN.search(told.stderr)
        if found is not None:
            bad.append(f"{name}: {found.group()}")
        good += told.stdout.strip().endswith("imported")
    return min(len(names), most), good, bad


def _files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*.so")]


if __name__ == "__main__":
    raise SystemExit(main())
