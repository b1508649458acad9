"""What binaries ask for, as text: one block a wheel, with what speaks against it first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from depguard.emit.abi_facts import newest_need, outside_libraries
from depguard.emit.wording import listed, megabytes, one_line, plural, table, wrapped
from depguard.model.abi_report import AbiReport, AbiSubject, Fit
from depguard.model.binary import NumpyMark, WheelContents
from depguard.model.host_abi import HostAbi

_WORDS = {Fit.FITS: "FITS", Fit.DOUBTFUL: "DOUBTFUL", Fit.UNKNOWN: "UNKNOWN", Fit.BLOCKED: "BLOCKED"}
_COLOURS = {Fit.FITS: "32", Fit.DOUBTFUL: "33", Fit.UNKNOWN: "33", Fit.BLOCKED: "31"}
_SHOWN_LIBRARIES = 6
_SHOWN_FILES = 2
_MARKS = {
    NumpyMark.NEW: "NumPy 2 headers",
    NumpyMark.OLD: "NumPy 1 headers",
    NumpyMark.PYBIND: "pybind11 before 2.12",
    NumpyMark.RUST: "rust-numpy before 0.22",
    NumpyMark.UNCLEAR: "cannot be told",
}


def render_abi(report: AbiReport, *, colour: bool = False, verbose: int = 0) -> str:
    """The report as text, ending in a newline."""
    blocks = ["\n".join(_block(s, report, colour=colour, verbose=verbose)) for s in report.subjects]
    if report.judged:
        blocks.append("\n".join(wrapped(f"Against: {', '.join(_against(report.host))}")))
    else:
        blocks.append(
            "Nothing to judge against: --numpy 2.0.2, --torch PATH or --host HOST say what is there."
        )
    return "\n\n".join(blocks) + "\n"


def _block(subject: AbiSubject, report: AbiReport, *, colour: bool, verbose: int) -> list[str]:
    # Where nothing was asked, nothing is answered.
    word = _WORDS[subject.fit] if report.judged or subject.contents is None else ""
    lines = [f"{word}  {one_line(subject.label)}" if word else one_line(subject.label)]
    if word and colour:
        lines[0] = f"\033[1;{_COLOURS[subject.fit]}m{word}\033[0m{lines[0].removeprefix(word)}"
    if subject.contents is None:
        return [*lines, *wrapped(one_line(subject.unknown), first="  ")]
    for clash in subject.clashes:
        lines += wrapped(f"{one_line(clash.message)}  [{clash.code}]", first="  ", rest="    ")
        shown = clash.files if verbose else clash.files[:_SHOWN_FILES]
        lines += [f"    {one_line(path)}" for path in shown]
        if len(clash.files) > len(shown):
            lines.append(f"    and {len(clash.files) - len(shown)} more (-v)")
    return lines + table(_facts(subject, subject.contents, verbose=verbose))


def _facts(subject: AbiSubject, contents: WheelContents, *, verbose: int) -> Iterable[tuple[str, str]]:
    binaries = contents.binaries
    if not binaries and not contents.unread:
        yield "binaries", "none: it is pure Python, or for another system than Linux"
        return
    marks = Counter(b.numpy.mark for b in binaries)
    said = [f"{_MARKS[mark]} ({plural(marks[mark], 'file')})" for mark in _MARKS if marks[mark]]
    floor = f"; runs on NumPy {subject.floor} and newer" if subject.floor is not None else ""
    yield "numpy", (", ".join(said) or "not used") + floor
    torch = {name for b in binaries for name in b.torch}
    if torch:
        yield "torch", plural(len(torch), "symbol") + " of it used"
    for called, prefix in (("glibc", "GLIBC_"), ("libstdc++", "GLIBCXX_")):
        newest = newest_need(binaries, prefix)
        if newest is not None:
            yield called, newest
    libraries = outside_libraries(contents)
    if libraries:
        libraries = [one_line(library) for library in libraries]
        yield "libraries", listed(libraries, len(libraries) if verbose else _SHOWN_LIBRARIES)
    damaged = [f"{b.path}: {b.damaged}" for b in binaries if b.damaged]
    if damaged:
        yield "damaged", "; ".join(one_line(text) for text in damaged)
    read = f"{len(binaries)} of {plural(len(binaries) + len(contents.unread), 'compiled file')}"
    yield "read", read + (f", {megabytes(contents.fetched)} fetched" if contents.fetched else "")
    if contents.unread:
        names = [one_line(u.path) for u in contents.unread]
        yield "not read", listed(names, len(names) if verbose else _SHOWN_FILES)
    if verbose:
        for binary in binaries:
            mark = _MARKS.get(binary.numpy.mark, "no NumPy")
            how = f" ({binary.numpy.how})" if binary.numpy.how else ""
            yield "file", f"{one_line(binary.path)}: {mark}{how}"


def _against(host: HostAbi) -> Iterable[str]:
    if host.numpy is not None:
        yield f"NumPy {host.numpy}"
    if host.torch is not None:
        known = "" if host.torch.exports is not None else " (its symbols are not known)"
        yield f"torch {host.torch.version}{known}"
    if host.glibc is not None:
        yield f"glibc {'.'.join(map(str, host.glibc))}"
    if host.libstdcxx is not None:
        yield f"libstdc++ {'.'.join(map(str, host.libstdcxx))}"
    if host.interpreter is not None and host.python is not None:
        yield f"Python {'.'.join(map(str, host.python))}"
