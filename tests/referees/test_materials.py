"""What a metadata-only copy of a host consists of."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
from dataclasses import replace

from packaging.metadata import Metadata
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

from depguard.model.host import Host, InstalledDistribution, Origin, OriginKind
from depguard.planning.materials import direct_url, metadata, site_packages, wheelhouse
from kit.hosts import small_host

COMMIT = "b134e9945df25c2dcb98ade9129399be10788671"


def host() -> Host:
    return small_host(
        {
            "Lazr.Uri": {"version": "1.0.6", "requires": ["numpy>=1", 'tqdm; extra == "bar"']},
            "numpy": "2.0.2",
            "torch": {"version": "2.11.0+cu128", "requires": ["numpy"], "how": "assumed"},
            "odd": {"version": None, "requires": None},
            "silent": {"version": "3", "requires": None},
        }
    )


def of(described: Host, name: str) -> InstalledDistribution:
    return described.installed[canonicalize_name(name)]


def with_one(distribution: InstalledDistribution) -> Host:
    return replace(host(), installed={distribution.name: distribution})


def test_each_distribution_has_a_folder_named_as_installers_name_it() -> None:
    made = site_packages(host())
    assert {path.split("/", maxsplit=1)[0] for path in made.files} == {
        "lazr_uri-1.0.6.dist-info",
        "numpy-2.0.2.dist-info",
        "torch-2.11.0+cu128.dist-info",
        "odd-0.dist-info",
        "silent-3.dist-info",
    }
    assert made.distributions == 5


def test_the_metadata_is_valid_and_says_what_the_host_says() -> None:
    lazr = of(host(), "lazr-uri")
    known = replace(
        lazr.requirements,
        extras=frozenset({canonicalize_name("bar")}),
        requires_python=SpecifierSet(">=3.8"),
    )
    lazr = replace(lazr, requirements=known)
    read = Metadata.from_email(metadata(lazr), validate=True)
    assert (read.name, str(read.version), str(read.requires_python)) == ("Lazr.Uri", "1.0.6", ">=3.8")
    assert [str(r) for r in read.requires_dist or ()] == ["numpy>=1", 'tqdm; extra == "bar"']
    assert read.provides_extra == ["bar"]


def test_what_is_not_known_is_left_out_and_named() -> None:
    made = site_packages(host())
    assert b"Requires-Dist" not in made.files["silent-3.dist-info/METADATA"]
    assert made.notes == (
        "require nothing here, because test/host does not say what: odd, silent",
        "are version 0 here, because nothing says which: odd",
    )


def test_the_record_lists_every_file_with_its_hash() -> None:
    files = site_packages(host()).files
    rows = list(csv.reader(files["numpy-2.0.2.dist-info/RECORD"].decode().splitlines()))
    assert {row[0] for row in rows} == {path for path in files if path.startswith("numpy-")}
    for path, digest, size in rows:
        if path.endswith("/RECORD"):
            assert (digest, size) == ("", "")
        else:
            sha256 = base64.urlsafe_b64encode(hashlib.sha256(files[path]).digest()).rstrip(b"=").decode()
            assert (digest, size) == (f"sha256={sha256}", str(len(files[path])))


def test_the_installer_is_the_hosts_own_where_it_is_known() -> None:
    by_uv = with_one(replace(of(host(), "numpy"), installer="uv"))
    assert site_packages(by_uv).files["numpy-2.0.2.dist-info/INSTALLER"] == b"uv\n"


def test_a_commit_becomes_a_direct_url_and_a_branch_does_not() -> None:
    def vcs(reference: str) -> Origin:
        return Origin(kind=OriginKind.VCS, reference=reference)

    assert direct_url(vcs(f"git+https://example.org/a/b@{COMMIT}#subdirectory=sub")) == {
        "url": "https://example.org/a/b",
        "vcs_info": {"vcs": "git", "commit_id": COMMIT},
        "subdirectory": "sub",
    }
    assert direct_url(vcs("git+https://example.org/a/b@main")) is None
    assert direct_url(vcs("git+ssh://git@example.org/a/b")) is None


def test_no_url_is_made_up_for_a_file_whose_place_is_not_known() -> None:
    fetched = Origin(kind=OriginKind.URL, filename="torch-2.11.0-py3-none-any.whl", sha256="ab" * 32)
    assert direct_url(fetched) is None
    assert direct_url(Origin()) is None
    stated = replace(fetched, reference="https://example.org/torch-2.11.0-py3-none-any.whl")
    assert direct_url(stated) == {
        "url": "https://example.org/torch-2.11.0-py3-none-any.whl",
        "archive_info": {"hashes": {"sha256": "ab" * 32}},
    }


def test_a_direct_url_is_written_beside_the_metadata() -> None:
    origin = Origin(kind=OriginKind.VCS, reference=f"git+https://example.org/a/b@{COMMIT}")
    files = site_packages(with_one(replace(of(host(), "numpy"), origin=origin))).files
    assert json.loads(files["numpy-2.0.2.dist-info/direct_url.json"])["vcs_info"]["commit_id"] == COMMIT


def test_wheels_are_made_of_what_no_index_has() -> None:
    described = host()
    from_file = replace(
        of(described, "silent"), origin=Origin(kind=OriginKind.FILE, filename="silent-3.tar.gz")
    )
    made = wheelhouse(replace(described, installed={**described.installed, from_file.name: from_file}))
    assert {str(parse_wheel_filename(name)[1]) for name in made.wheels} == {"2.11.0+cu128", "3"}
    assert made.notes == ("require nothing here, because test/host does not say what: silent",)


def test_a_wheel_of_everything_leaves_out_what_has_no_version() -> None:
    made = wheelhouse(host(), everything=True)
    assert sorted(made.wheels) == [
        "lazr_uri-1.0.6-py3-none-any.whl",
        "numpy-2.0.2-py3-none-any.whl",
        "silent-3-py3-none-any.whl",
        "torch-2.11.0+cu128-py3-none-any.whl",
    ]
    assert made.notes[0] == "left out, because their version is not known: odd"
