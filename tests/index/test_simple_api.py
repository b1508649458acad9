from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from depguard.model.release import Artifact
from depguard.parse.anchors import read_any, read_plain
from depguard.parse.page_files import Listing, PageFile
from depguard.parse.simple_api import BadPageError, artifacts_of, read_html, read_json, read_page

URL = "https://example.org/simple/demo/"
DEMO = canonicalize_name("demo")


def artifacts(files: Iterable[PageFile]) -> list[Artifact]:
    return artifacts_of(files, project=DEMO, index="https://example.org/simple")[0]


def test_html_and_json_of_the_same_files_agree() -> None:
    html = """<!DOCTYPE html><html><head><title>Links for demo</title></head><body>
<a href="../../files/demo-1.0-py3-none-any.whl#sha256=AB12" data-requires-python="&gt;=3.8,&lt;4"
   data-core-metadata="sha256=cd34" data-upload-time="2025-11-14T12:30:00.123456Z"
   data-yanked="it &amp; breaks">x</a>
<a href="https://files.example.org/demo-1.0.tar.gz#md5=00&amp;egg=demo" data-dist-info-metadata="true"
   data-yanked>y</a>
</body></html>"""
    page = {
        "meta": {"api-version": "1.3"},
        "name": "demo",
        "files": [
            {
                "filename": "demo-1.0-py3-none-any.whl",
                "url": "../../files/demo-1.0-py3-none-any.whl",
                "hashes": {"sha256": "ab12"},
                "requires-python": ">=3.8,<4",
                "core-metadata": {"sha256": "cd34"},
                "dist-info-metadata": False,
                "upload-time": "2025-11-14T12:30:00.123456Z",
                "yanked": "it & breaks",
            },
            {
                "filename": "demo-1.0.tar.gz",
                "url": "https://files.example.org/demo-1.0.tar.gz",
                "hashes": {"md5": "00"},
                "dist-info-metadata": True,
                "yanked": True,
            },
        ],
    }
    from_html = artifacts(read_html(html, url=URL).files)
    assert artifacts(read_json(json.dumps(page), url=URL).files) == from_html
    wheel, sdist = from_html
    assert wheel.url == "https://example.org/files/demo-1.0-py3-none-any.whl"
    assert (wheel.sha256, wheel.core_metadata) == ("ab12", (("sha256", "cd34"),))
    assert wheel.upload_time == datetime(2025, 11, 14, 12, 30, 0, 123456, tzinfo=UTC)
    assert (wheel.yanked, str(wheel.requires_python)) == ("it & breaks", "<4,>=3.8")
    assert (sdist.yanked, sdist.core_metadata, sdist.hashes, sdist.upload_time) == (
        "",
        (),
        (("md5", "00"),),
        None,
    )


def test_json_sizes_and_what_is_not_offered() -> None:
    files = [
        {"filename": "demo-1.0.tar.gz", "url": "demo-1.0.tar.gz", "hashes": {}, "size": 12, "yanked": False},
        {
            "filename": "demo-1.1.tar.gz",
            "url": "demo-1.1.tar.gz",
            "hashes": {},
            "size": -1,
            "core-metadata": {},
        },
        {
            "filename": "demo-1.2.tar.gz",
            "url": "demo-1.2.tar.gz",
            "core-metadata": False,
            "requires-python": None,
        },
    ]
    one, two, three = artifacts(read_json(json.dumps({"files": files}), url=URL).files)
    assert (one.size, one.yanked, one.core_metadata, one.url) == (12, None, None, f"{URL}demo-1.0.tar.gz")
    assert (two.size, two.core_metadata) == (None, ())
    assert (three.core_metadata, three.requires_python) == (None, None)


def test_a_base_moves_relative_links_and_names_are_unquoted() -> None:
    html = """<base href="/other/"><a href="demo-1.0%2Bcu128-py3-none-any.whl?sig=1#sha256=aa">
    <A HREF='//cdn.example.org/demo-2.0.zip'>"""
    one, two = artifacts(read_html(html, url=URL).files)
    assert one.filename == "demo-1.0+cu128-py3-none-any.whl"
    assert one.url == "https://example.org/other/demo-1.0%2Bcu128-py3-none-any.whl?sig=1"
    assert two.url == "https://cdn.example.org/demo-2.0.zip"


def test_credentials_in_a_page_are_taken_out() -> None:
    (one,) = artifacts(read_html('<a href="https://u:secret@example.org/demo-1.0.zip">', url=URL).files)
    assert one.url == "https://example.org/demo-1.0.zip"


def test_what_cannot_be_used_is_skipped_with_a_reason() -> None:
    files = [
        {"url": "x"},
        "nonsense",
        {"filename": "demo-1.0.zip", "url": "file:///etc/passwd"},
        {"filename": "demo-1.0.zip", "url": "javascript:alert(1)"},
        {"filename": "demo-1.0.zip", "url": "http://[bad/demo-1.0.zip"},
        {"filename": "demo-1.0.exe", "url": "demo-1.0.exe"},
        {"filename": "demo-1.0.zip", "url": "demo-1.0.zip"},
        {"filename": "demo-1.0.zip", "url": "again/demo-1.0.zip"},
    ]
    listing = read_json(json.dumps({"files": files}), url=URL)
    assert [name for name, _ in listing.skipped] == ["None", "None", "demo-1.0.zip", "demo-1.0.zip"]
    # an address is joined only when it is relative, so that of the fifth is found out when it is fetched
    found, skipped = artifacts_of(listing.files[1:], project=DEMO, index="")
    assert [a.url for a in found] == [f"{URL}demo-1.0.zip"]
    assert skipped == [("demo-1.0.exe", "neither a wheel nor an sdist")]


def test_files_of_a_page_are_made_as_they_are_asked_for() -> None:
    files = [
        {"filename": "demo-1.0.zip", "url": "demo-1.0.zip", "requires-python": ">=3.9"},
        {
            "filename": "demo-2.0.zip",
            "url": "https://u:hush@example.org/demo-2.0.zip#egg=x",
            "requires-python": 3,
        },
        {
            "filename": "demo-3.0.zip",
            "url": "/demo-3.0.zip",
            "hashes": {"sha256": "ab", "md5": "cd"},
            "size": 7,
        },
    ]
    listing = read_json(json.dumps({"files": files}), url=URL)
    assert listing.heads == [("demo-1.0.zip", ">=3.9"), ("demo-2.0.zip", None), ("demo-3.0.zip", None)]
    made = [
        PageFile("demo-1.0.zip", f"{URL}demo-1.0.zip", requires_python=">=3.9"),
        PageFile("demo-2.0.zip", "https://example.org/demo-2.0.zip"),
        PageFile("demo-3.0.zip", "https://example.org/demo-3.0.zip", hashes="sha256=ab&md5=cd", size=7),
    ]
    assert list(listing.files) == list(listing.files[:]) == [listing.files[at] for at in range(3)] == made
    assert Listing(tuple(made)).heads == listing.heads


@pytest.mark.parametrize(
    ("href", "filename"),
    [
        ("../../p/demo-1.0.tar.gz\n", "demo-1.0.tar.gz"),
        ("\tdemo-1.0.tar.gz", "demo-1.0.tar.gz"),
        ("demo-\n1.0.tar.gz", "demo-1.0.tar.gz"),
        ("a/demo-1.0.tar.gz?x=/y.zip#sha256=ab", "demo-1.0.tar.gz"),
        ("demo%2B1-1.0.zip", "demo+1-1.0.zip"),
        ("https://me:hush@example.org", "example.org"),
    ],
)
def test_a_file_is_called_as_its_address_says(href: str, filename: str) -> None:
    listing = read_html(f'<a href="{href}">x</a>', url=URL)
    assert [file.filename for file in listing.files] == [name for name, _ in listing.heads] == [filename]


def test_other_projects_on_a_flat_page_are_no_oddity() -> None:
    listing = read_html('<a href="demo-1.0.zip"><a href="other-1.0.zip">', url=URL)
    found, skipped = artifacts_of(listing.files, project=DEMO, index="", flat=True)
    assert [a.filename for a in found] == ["demo-1.0.zip"]
    assert skipped == []


def test_an_invalid_requires_python_and_time_count_as_none() -> None:
    html = '<a href="demo-1.0.zip" data-requires-python="banana" data-upload-time="yesterday">'
    (one,) = artifacts(read_html(html, url=URL).files)
    assert (one.requires_python, one.upload_time) == (None, None)


@pytest.mark.parametrize(
    ("body", "content_type", "why"),
    [
        (b"[]", "application/json", "without a list of files"),
        (b"{", "application/vnd.pypi.simple.v1+json", "not JSON"),
        (b"[" * 200_000, "application/json", "not JSON"),
        (b'{"meta": {"api-version": "2.0"}, "files": []}', "application/json", "version 2.0"),
        (b'<meta name="pypi:repository-version" content="2.0">', "text/html; charset=latin-1", "version 2.0"),
        (b"PK", "application/zip", "content type application/zip"),
        (b"", "", "content type missing"),
    ],
)
def test_no_page_at_all(body: bytes, content_type: str, why: str) -> None:
    with pytest.raises(BadPageError, match=why):
        read_page(body, content_type=content_type, url=URL)


def test_a_newer_minor_version_and_a_strange_charset_are_read() -> None:
    body = b'<meta name="pypi:repository-version" content="1.99"><a href="demo-1.0.zip">'
    assert len(read_page(body, content_type="text/html; charset=klingon", url=URL).files) == 1


_PIECES = st.lists(
    st.sampled_from(
        [
            '<a href="demo-1.0.zip">',
            '<a href="x#sha256=ab" data-requires-python="&gt;=3.8" >',
            '<a data-yanked href="x">',
            '<a href="<b>" data-yanked="">',
            "<a href='x'>",
            "<a href=x>",
            '<A HREF="x">',
            '<a href="x"/>',
            '<a href="&notit;=1&copy=2">',
            '<a href="a>b">text "quoted" </a>',
            '<a href="x"data-yanked="y">',
            '<a href="1" href="2">',
            '<a\n  href="x"\t>',
            '<a href="x',
            '<a href="x" "',
            "<a>",
            "<a >",
            "</a>",
            "</a ><br/><br >",
            "<br",
            "<",
            ">",
            '"',
            "&lt;a href=&quot;&gt;",
            "<abbr>",
            "<p>",
            '<p title="',
            "<!-- ",
            "-->",
            "<script>",
            "</script>",
            "<title>",
            "<title>Links</title>",
            "</title>",
            "<![CDATA[",
            "]]>",
            "<?php",
            '<base href="/b/">',
            '<meta name="pypi:repository-version" content="1.0">',
            '<meta charset="utf-8"/>',
            "<!DOCTYPE html>",
            " ",
            "\r\n",
            "\0",
        ]
    ),
    max_size=8,
).map("".join)


@given(_PIECES)
@example('<title><a href="x"></title>')
@example('<title>a</title ><a href="x">')
def test_the_fast_way_reads_what_the_standard_parser_reads(text: str) -> None:
    plain = read_plain(text)
    if plain is not None:
        assert plain == read_any(text)


def test_the_fast_way_takes_the_pages_that_indexes_make() -> None:
    text = """<!DOCTYPE html>
<html>
  <head>
    <meta name="pypi:repository-version" content="1.1">
    <title>Links for demo</title>
  </head>
  <body>
    <h1>Links for demo</h1>
<a href="https://example.org/demo-1.0.zip#sha256=ab" data-requires-python="&gt;=3.12">demo-1.0.zip</a><br />
</body>
</html>
<!-- serial: 1 -->"""
    assert read_plain(text) is None
    plain = read_plain(text.partition("<!--")[0])
    assert plain is not None
    assert plain == read_any(text)
    assert (len(plain.anchors), plain.version) == (1, "1.1")
