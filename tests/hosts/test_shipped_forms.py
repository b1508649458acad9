"""What ships comes parsed: the same values, from wherever depguard is, and never an old one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from depguard.adapters import shipped_forms
from depguard.adapters.cache import Cache
from depguard.adapters.compiled import CompiledForms
from depguard.adapters.host_store import HostStore, metadata_path_of, parsed_host
from depguard.adapters.policy_store import PolicyStore
from depguard.adapters.shipped import shipped_hosts, shipped_root
from depguard.adapters.shipped_forms import shipped_form, write_forms
from depguard.parse.host_compiled import compiled_host, compiled_text
from kit.catalogue import no_live_host


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A folder as the one that ships: a policy, and a host with its metadata."""
    root = tmp_path / "policies"
    hosts = root / "hosts" / "colab"
    hosts.mkdir(parents=True)
    source = shipped_hosts() / "colab" / "2026.01-cpu.yaml"
    for path in (source, metadata_path_of(source)):
        (hosts / path.name).write_bytes(path.read_bytes())
    (root / "colab.yaml").write_bytes((shipped_root() / "colab.yaml").read_bytes())
    return root


@pytest.fixture
def forms(policies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with its forms, which are those that ship now."""
    folder = tmp_path / "forms"
    assert write_forms(policies, folder) == 3
    monkeypatch.setattr(shipped_forms, "FOLDER", str(folder))
    return folder


def texts(policies: Path) -> tuple[Path, tuple[str, str]]:
    path = policies / "hosts" / "colab" / "2026.01-cpu.yaml"
    return path, (path.read_text(), metadata_path_of(path).read_text())


@pytest.mark.usefixtures("forms")
def test_a_host_is_what_parsing_it_gives_wherever_it_lies(policies: Path) -> None:
    _, sources = texts(policies)
    for place in (Path("/here/host.yaml"), Path('/an "odd"/pl\\ace.yaml')):
        form = shipped_form("host", sources, str(place))
        assert form is not None
        assert form == compiled_text(parsed_host(place, *sources))
        assert compiled_host(form).installed


@pytest.mark.usefixtures("forms")
def test_the_stores_take_them(policies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_yaml(*_: object) -> None:
        raise AssertionError("YAML was read")

    made = parsed_host(texts(policies)[0], *texts(policies)[1])
    for module in ("host_nodes", "policy"):
        monkeypatch.setattr(f"depguard.parse.{module}.read_yaml", no_yaml)
    compiled = CompiledForms(Cache.none(), shipped=shipped_form)
    host = HostStore([policies / "hosts"], no_live_host, compiled).find("2026.01-cpu")
    assert (host.sha256, len(host.installed)) == (made.sha256, len(made.installed))
    found = PolicyStore(policies, fetch=None, shipped=policies, forms=compiled).shipped("colab")
    assert found is not None
    place = found.policy.protected[0].location
    assert place is not None
    assert place.file == found.label
    with pytest.raises(AssertionError, match="YAML was read"):
        HostStore([policies / "hosts"], no_live_host).find("2026.01-cpu")


@pytest.mark.usefixtures("forms")
def test_what_was_changed_is_parsed(policies: Path) -> None:
    _, (text, metadata) = texts(policies)
    assert shipped_form("host", (text + "\n# mine", metadata), "x") is None
    assert shipped_form("host", (text, metadata + " "), "x") is None
    assert shipped_form("policy", (text, metadata), "x") is None


@pytest.mark.parametrize(
    ("length", "more"), [(0, b""), (0, b"no zip"), (-1, b""), (-20, b""), (5000, b"x" * 5000)]
)
def test_a_damaged_form_is_none(policies: Path, forms: Path, length: int, more: bytes) -> None:
    for path in forms.iterdir():
        path.write_bytes(path.read_bytes()[:length] + more)
    assert shipped_form("host", texts(policies)[1], "x") is None


def test_a_form_older_than_the_code_of_a_checkout_is_none(policies: Path, forms: Path) -> None:
    for path in forms.iterdir():
        os.utime(path, (1, 1))
    assert shipped_form("host", texts(policies)[1], "x") is None


def test_other_code_has_other_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    before = shipped_forms._name("host", ("x",))
    monkeypatch.setattr(shipped_forms, "__version__", "99")
    shipped_forms._code.cache_clear()
    assert shipped_forms._name("host", ("x",)) != before
    monkeypatch.undo()
    shipped_forms._code.cache_clear()


def test_writing_again_leaves_nothing_old(policies: Path, forms: Path) -> None:
    names = {path.name for path in forms.iterdir()}
    (forms / "old").write_text("of before")
    (policies / "colab.yaml").write_text("schema: 1\ntiers: {}\nname: other\n")
    assert write_forms(policies, forms) == 3
    left = {path.name for path in forms.iterdir()}
    assert "old" not in left
    assert len(left & names) == 1
