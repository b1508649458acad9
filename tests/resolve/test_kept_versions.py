"""Which pins an installed distribution meets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.planning.case import make_case
from kit.fake_index import FakeIndex
from kit.hosts import small_host

VERSIONS = st.builds(
    "{}{}".format,
    st.sampled_from(["1", "1.0", "1.0.0", "2", "1.0rc1", "1.0.post1", "1!1.0", "1.0.dev1"]),
    st.sampled_from(["", "", "+cpu", "+cu128", "+1"]),
)


@given(VERSIONS, VERSIONS)
def test_a_pin_is_met_as_packaging_says(installed: str, pin: str) -> None:
    name = canonicalize_name("torch")
    host = make_case(small_host({name: installed}), None, FakeIndex.from_dict({})).guarded
    met = SpecifierSet(f"=={pin}").contains(installed, prereleases=True)
    assert (host.keeps(name, Version(pin)) is not None) == met
