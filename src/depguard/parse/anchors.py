"""The anchors of an HTML page, with their attributes; fast on the pages that indexes really make.

A plain page (anchors with attributes in double quotes, and a few bare tags) is cut at its ``<`` and ``"``,
each of which has to be accounted for. Anything else goes to the standard library's parser, which is several
times slower; a property test holds the two together.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser

from depguard.records import dataclass, field

Attributes = dict[str, str | None]
_NO_MORE: Attributes = {}

# Nearly all anchors of nearly all indexes; a subset of what `_attributes` reads.
_USUAL = re.compile(r'a href="([^"&]*)"((?: data-requires-python="[^"]*")?)>[^"]*')
# What may stand before the quotes of an attribute in a plain tag.
_KEY = re.compile(r"[ \n\t]+([a-z][a-z-]*)=")
_BARE = re.compile(r"/?(?:br|h1|h2|p|li|ul|div|html|head|body)[ \n\t]*/?|/a|!DOCTYPE html")
_TITLE = re.compile(r"title>[^&]*")
# Entities on which all parsers agree; any other "&" in an attribute makes a page not plain.
_ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|\#39|\#x27);)")
_VERSION = "pypi:repository-version"


@dataclass(slots=True)
class Anchors:
    """What a PEP 503 page says: its anchors' attributes, ``<base href>``, and the API version (PEP 629)."""

    anchors: list[Attributes] = field(default_factory=list)
    base: str | None = None
    version: str | None = None


def read_anchors(text: str) -> Anchors:
    """The anchors of ``text`` in its order. Never raises: browsers' rules make sense of everything."""
    return read_plain(text) or read_any(text)


def read_plain(text: str) -> Anchors | None:
    """The anchors of a plain page; None when the page has anything that is not plain."""
    page = Anchors()
    pieces = iter(text.split("<"))
    next(pieces)
    for piece in pieces:
        usual = _USUAL.fullmatch(piece)
        if usual is not None:
            more = _more(usual[2]) if usual[2] else _NO_MORE
            if more is None:
                return None
            page.anchors.append({"href": usual[1], **more})
        elif piece.startswith("a "):
            attributes = _attributes(piece[1:])
            if attributes is None:
                return None
            page.anchors.append(attributes)
        elif piece.startswith("meta "):
            attributes = _attributes(piece[4:])
            if attributes is None:
                return None
            _see_meta(page, attributes)
        elif piece.startswith("title"):
            # In newer parsers a title's text holds no tags: it is plain only when it is closed at once.
            if _TITLE.fullmatch(piece) is None or next(pieces, "").rstrip() != "/title>":
                return None
        else:
            tag, end, _ = piece.partition(">")
            if not end or not _bare(tag):
                return None
    return page


def read_any(text: str) -> Anchors:
    """The anchors of any page, by the standard library's parser."""
    parser = _Parser()
    # What is behind the last ">" is no tag; the parser would try it again from each of its "<".
    parser.feed(text[: text.rfind(">") + 1])
    parser.close()
    return parser.page


def _attributes(rest: str) -> Attributes | None:
    """The attributes of a tag from behind its name on, text behind the tag included; None: not plain."""
    attributes: Attributes = {}
    parts = rest.split('"')
    last = len(parts) - 1
    for at in range(0, last, 2):
        key = _key(parts[at])
        if key is None:
            # The tag may have ended before: what follows is text with a quotation mark in it.
            return attributes if at and parts[at].startswith(">") else None
        if at + 1 == last:  # the value's second mark is missing
            return None
        value = parts[at + 1]
        if "&" in value:
            if _ENTITY.search(value):
                return None
            value = unescape(value)
        attributes[key] = value
    return attributes if parts[last].startswith(">") else None


@lru_cache(maxsize=1024)
def _more(text: str) -> Attributes | None:
    """The attributes in a text that many anchors share; nobody changes what is given."""
    return _attributes(f"{text}>")


@lru_cache(maxsize=1024)
def _key(text: str) -> str | None:
    found = _KEY.fullmatch(text)
    return found[1] if found else None


@lru_cache(maxsize=1024)
def _bare(tag: str) -> bool:
    return _BARE.fullmatch(tag) is not None


def _see_meta(page: Anchors, attributes: Attributes) -> None:
    if attributes.get("name") == _VERSION and page.version is None:
        page.version = attributes.get("content")


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Anchors()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.page.anchors.append(dict(attrs))
        elif tag == "meta":
            _see_meta(self.page, dict(attrs))
        elif tag == "base" and self.page.base is None:
            self.page.base = dict(attrs).get("href")
