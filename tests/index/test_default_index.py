from __future__ import annotations

from collections.abc import Iterator

import pytest

from depguard.adapters.index import default_index
from depguard.adapters.index.default_index import default_index_url, first_of, url_in
from depguard.errors import OutOfReachError

SOURCE = """
class PackageIndex:
    def __init__(self, url: str, file_storage_domain: str) -> None: ...


PyPI = PackageIndex("https://index.example.org/", file_storage_domain="files.example.org")
TestPyPI = PackageIndex("https://test.example.org/", file_storage_domain="x")
"""


def texts(*sources: str) -> Iterator[str]:
    yield from sources


def test_the_constant_is_read_without_running_anything() -> None:
    assert url_in(SOURCE) == "https://index.example.org/simple"
    assert url_in("raise SystemExit") is None
    assert url_in("PyPI = 7") is None
    assert url_in("PyPI = (") is None
    assert url_in("PyPI = PackageIndex('file:///etc')") is None


def test_the_first_pip_that_knows_it_counts() -> None:
    assert first_of(texts, lambda: texts("", SOURCE)) == "https://index.example.org/simple"
    with pytest.raises(OutOfReachError) as caught:
        first_of(texts, lambda: texts("no pip here"))
    assert "--index-url" in (caught.value.problems[0].hint or "")


@pytest.mark.parametrize("source", ["_installed_pip", "_bundled_pip", "_pip_of_a_python"])
def test_each_place_that_has_a_pip_here_agrees_with_it(source: str) -> None:
    models = pytest.importorskip("pip._internal.models.index")
    found = {url_in(text) for text in getattr(default_index, source)()}
    assert found <= {models.PyPI.simple_url}
    assert default_index_url() == models.PyPI.simple_url
