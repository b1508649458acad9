"""The index that installers use when nobody names one, as pip itself has it written down.

depguard names no index: the address is read out of the source of whatever pip can be found, without running
it where that is possible.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from depguard.adapters.witness import saw_content, spoil
from depguard.errors import OutOfReachError, Problem

_MEMBER = "pip/_internal/models/index.py"
_SECONDS = 20


@lru_cache(maxsize=1)
def default_index_url() -> str:
    """The simple API's URL of pip's default index.

    Looks into the pip beside depguard, the one that Python brings for ``ensurepip``, and the pythons on PATH,
    in this order. Raises OutOfReachError when there is no pip anywhere.
    """
    return first_of(_installed_pip, _bundled_pip, _pip_of_a_python)


def first_of(*sources: Callable[[], Iterator[str]]) -> str:
    """The URL in the first source text, of those that ``sources`` give, that has one."""
    for source in sources:
        for text in source():
            url = url_in(text)
            if url is not None:
                return url
    raise OutOfReachError(
        Problem(
            code="index.no-default",
            message="no index is configured, and no pip is found that knows the default one",
            hint="name one with --index-url",
        )
    )


def url_in(source: str) -> str | None:
    """The simple API's URL of the ``PyPI = PackageIndex("https://…/", …)`` in pip's source."""
    import ast

    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id="PyPI")], value=ast.Call(args=[ast.Constant(value=str(address)), *_])
            ) if address.startswith("https://"):
                return f"{address.rstrip('/')}/simple"
            case _:
                continue
    return None


def _installed_pip() -> Iterator[str]:
    found = importlib.util.find_spec("pip")
    for folder in (found.submodule_search_locations or ()) if found is not None else ():
        yield from _texts(Path(folder).parent / _MEMBER)


def _bundled_pip() -> Iterator[str]:
    spoil("a bundled pip")
    import sysconfig
    import zipfile

    found = importlib.util.find_spec("ensurepip")
    folders = (
        [Path(folder) / "_bundled" for folder in (found.submodule_search_locations or ())] if found else []
    )
    # Linux distributions take the bundled wheels out and say here where theirs are.
    elsewhere = sysconfig.get_config_var("WHEEL_PKG_DIR")
    if elsewhere:
        folders.append(Path(elsewhere))
    for folder in folders:
        for wheel in sorted(folder.glob("pip-*.whl"), reverse=True):
            try:
                with zipfile.ZipFile(wheel) as archive:
                    yield archive.read(_MEMBER).decode()
            except (OSError, zipfile.BadZipFile, KeyError, UnicodeDecodeError):
                continue


def _pip_of_a_python() -> Iterator[str]:
    spoil("another Python's pip")
    import subprocess
    from shutil import which

    program = "import pip; print(pip.__path__[0])"
    for name in ("python3", "python"):
        python = which(name)
        if python is None:
            continue
        try:
            done = subprocess.run(  # noqa: S603 - the user's own Python, a fixed program
                [python, "-I", "-c", program],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0 and done.stdout.strip():
            yield from _texts(Path(done.stdout.strip()).parent / _MEMBER)


def _texts(path: Path) -> Iterator[str]:
    try:
        data = path.read_bytes()
        saw_content(path, data)
        yield data.decode()
    except (OSError, UnicodeDecodeError):
        return
