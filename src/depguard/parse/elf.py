"""The dynamic section of an ELF file: what it needs, what it leaves undefined, what it offers.

ELF (System V gABI, chapters 4 and 5), GNU symbol versions (LSB, section 10.7). A wheel's files are foreign,
so each read is checked against the buffer and each count against a bound: whatever is wrong is an ElfError.
Sections are not asked: they may be stripped, and what the loader sees are the segments.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from depguard.model.binary import VersionNeed
from depguard.records import dataclass, field

MAGIC: Final = b"\x7fELF"

_MOST_SEGMENTS: Final = 1 << 12
_MOST_DYNAMIC: Final = 1 << 12
_MOST_VERSIONS: Final = 1 << 14
_MOST_SYMBOLS: Final = 1 << 21
_LONGEST_NAME: Final = 1 << 16
_SHARING: Final = 4

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NEEDED, _DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_STRSZ = 1, 4, 5, 6, 10
_DT_SONAME, _DT_RPATH, _DT_RUNPATH = 14, 15, 29
_DT_GNU_HASH, _DT_VERDEF, _DT_VERDEFNUM = 0x6FFFFEF5, 0x6FFFFFFC, 0x6FFFFFFD
_DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF
_WEAK: Final = 2


class ElfError(ValueError):
    """The bytes are no ELF file, or a damaged one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElfFile:
    """What the loader would look at. Symbol names are bytes, as they are in the file.

    ``undefined`` leaves out weak symbols: the loader does without them.
    """

    bits: int
    machine: int
    soname: str | None = None
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    undefined: tuple[bytes, ...] = ()
    defined: tuple[bytes, ...] = ()
    version_needs: tuple[VersionNeed, ...] = ()
    version_definitions: tuple[str, ...] = ()


def is_elf(data: bytes | memoryview) -> bool:
    """Whether the bytes begin as an ELF file does."""
    return bytes(data[:4]) == MAGIC


def read_elf(data: bytes, *, symbols: bool = True, defined: bool = True) -> ElfFile:
    """Read the dynamic section. Raises ElfError.

    ``symbols``: without them, a large file is a matter of microseconds. Without ``defined``, only what is
    undefined is listed: in most modules the smaller part.
    """
    try:
        return _Reader(data).read(symbols=symbols, whole=defined)
    except (struct.error, IndexError, OverflowError) as error:
        raise ElfError(f"damaged: {error}") from None


@dataclass(slots=True)
class _Reader:
    data: bytes
    order: str = "<"
    wide: bool = True
    loads: list[tuple[int, int, int]] = field(default_factory=list)
    dynamic: tuple[int, int] = (0, 0)
    tags: dict[int, int] = field(default_factory=dict)
    strings: tuple[int, int] = (0, 0)
    budget: int = 0

    def read(self, *, symbols: bool, whole: bool) -> ElfFile:
        machine = self._header()
        bits = 64 if self.wide else 32
        names = self._dynamic()
        if not self.tags:
            return ElfFile(bits=bits, machine=machine)
        begin = self._offset(self.tags.get(_DT_STRTAB, 0))
        self.strings = (begin, min(begin + self.tags.get(_DT_STRSZ, 0), len(self.data)))
        # Names may share bytes, and a hostile table has a million that share all of them.
        self.budget = _SHARING * max(self.strings[1] - begin, 0) + _LONGEST_NAME
        undefined, defined = self._symbols(whole=whole) if symbols else ((), ())
        return ElfFile(
            bits=bits,
            machine=machine,
            soname=self._text(self.tags[_DT_SONAME]) if _DT_SONAME in self.tags else None,
            needed=tuple(self._text(at) for at in names),
            rpath=tuple(
                part
                for tag in (_DT_RPATH, _DT_RUNPATH)
                if tag in self.tags
                for part in self._text(self.tags[tag]).split(":")
            ),
            undefined=undefined,
            defined=defined,
            version_needs=tuple(self._version_needs()),
            version_definitions=tuple(self._version_definitions()),
        )

    def _header(self) -> int:
        data = self.data
        if len(data) < 52 or not is_elf(data):
            raise ElfError("not an ELF file")
        if data[4] not in (1, 2) or data[5] not in (1, 2):
            raise ElfError("an unknown class or byte order")
        self.wide = data[4] == 2
        self.order = "<" if data[5] == 1 else ">"
        machine: int
        machine, _, _, at = self._unpack("HIQQ" if self.wide else "HIII", 18)
        size, count = self._unpack("HH", 54 if self.wide else 42)
        if count > _MOST_SEGMENTS or (count and size < (56 if self.wide else 32)):
            raise ElfError("an impossible program header")
        for index in range(count):
            where = at + index * size
            if self.wide:
                kind, _, offset, address, _, length = self._unpack("IIQQQQ", where)
            else:
                kind, offset, address, _, length = self._unpack("IIIII", where)
            if kind == _PT_LOAD:
                self.loads.append((address, offset, length))
            elif kind == _PT_DYNAMIC:
                self.dynamic = (offset, length)
        return machine

    def _dynamic(self) -> list[int]:
        """Fills ``tags``; the name offsets of DT_NEEDED, which alone may come more than once."""
        where, length = self.dynamic
        step = 16 if self.wide else 8
        needed: list[int] = []
        for index in range(min(length // step, _MOST_DYNAMIC)):
            tag, value = self._unpack("QQ" if self.wide else "II", where + index * step)
            if tag == 0:
                break
            if tag == _DT_NEEDED:
                needed.append(value)
            else:
                self.tags[tag] = value
        return needed

    def _symbols(self, *, whole: bool) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        if _DT_SYMTAB not in self.tags:
            return (), ()
        at = self._offset(self.tags[_DT_SYMTAB])
        count = self._symbol_count()
        step = 24 if self.wide else 16
        if count > _MOST_SYMBOLS or at + count * step > len(self.data):
            raise ElfError("more symbols than the file has room for")
        begin, end = self.strings
        # One slice, so that no name can lie outside of the string table.
        text = self.data[begin:end]
        layout = "IBBHQQ" if self.wide else "IIIBBH"
        undefined: list[bytes] = []
        defined: list[bytes] = []
        for entry in struct.iter_unpack(self.order + layout, self.data[at : at + count * step]):
            name, info, section = (
                (entry[0], entry[1], entry[3]) if self.wide else (entry[0], entry[3], entry[5])
            )
            if not name or info < 16 or (section and not whole):  # local symbols bind to nothing
                continue
            if name >= len(text):
                raise ElfError("a symbol's name lies outside of the string table")
            stop = text.find(b"\0", name, name + _LONGEST_NAME)
            self._spend(stop - name)
            if section:
                defined.append(text[name:stop])
            elif info >> 4 != _WEAK:
                undefined.append(text[name:stop])
        return tuple(undefined), tuple(defined)

    def _symbol_count(self) -> int:
        """How many symbols there are: the hash tables know."""
        if _DT_HASH in self.tags:
            count: int = self._unpack("II", self._offset(self.tags[_DT_HASH]))[1]
            return count
        if _DT_GNU_HASH not in self.tags:
            return 0
        at = self._offset(self.tags[_DT_GNU_HASH])
        buckets, first, bloom, _ = self._unpack("IIII", at)
        if buckets > _MOST_SYMBOLS or bloom > _MOST_SYMBOLS:
            raise ElfError("an impossible hash table")
        at += 16 + bloom * (8 if self.wide else 4)
        last: int = max(self._unpack(f"{buckets}I", at), default=0)
        if last < first:
            return int(first)  # no bucket has anything: all symbols are undefined
        at += buckets * 4
        while not self._unpack("I", at + (last - first) * 4)[0] & 1:
            last += 1
            if last > _MOST_SYMBOLS:
                raise ElfError("a hash chain without end")
        return last + 1

    def _version_needs(self) -> Iterator[VersionNeed]:
        if _DT_VERNEED not in self.tags:
            return
        at = self._offset(self.tags[_DT_VERNEED])
        seen = 0
        for _ in range(min(self.tags.get(_DT_VERNEEDNUM, 0), _MOST_VERSIONS)):
            _, count, file, first, following = self._unpack("HHIII", at)
            library = self._text(file)
            inner = at + first
            for _ in range(count):
                seen += 1
                if seen > _MOST_VERSIONS:
                    raise ElfError("too many versions")
                _, flags, _, name, beyond = self._unpack("IHHII", inner)
                if not flags & _WEAK:
                    yield VersionNeed(library=library, version=self._text(name))
                if not beyond:
                    break
                inner += beyond
            if not following:
                break
            at += following

    def _version_definitions(self) -> Iterator[str]:
        if _DT_VERDEF not in self.tags:
            return
        at = self._offset(self.tags[_DT_VERDEF])
        for _ in range(min(self.tags.get(_DT_VERDEFNUM, 0), _MOST_VERSIONS)):
            _, flags, _, count, _, first, following = self._unpack("HHHHIII", at)
            if count and not flags & 1:  # the first names the file itself
                yield self._text(self._unpack("I", at + first)[0])
            if not following:
                break
            at += following

    def _unpack(self, layout: str, at: int) -> tuple[int, ...]:
        if at < 0 or at > len(self.data):
            raise ElfError("it points outside of itself")
        return struct.unpack_from(self.order + layout, self.data, at)

    def _offset(self, address: int) -> int:
        """Where in the file an address is loaded from."""
        for start, offset, length in self.loads:
            if start <= address < start + length:
                return offset + address - start
        raise ElfError("an address that no segment has")

    def _text(self, at: int) -> str:
        begin, end = self.strings
        where = begin + at
        if where >= end:
            raise ElfError("a name lies outside of the string table")
        stop = self.data.find(b"\0", where, min(end, where + _LONGEST_NAME))
        self._spend(stop - where)
        return self.data[where:stop].decode("utf-8", "replace")

    def _spend(self, length: int) -> None:
        self.budget -= length
        if length < 0 or self.budget < 0:
            raise ElfError("a name without end, or names that share too much")
