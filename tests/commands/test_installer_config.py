"""The configuration of pip and uv, read as they read it (and they are asked whether that is so)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from depguard.adapters.installer_config import read_installer_config, read_pip_config
from depguard.adapters.machine import Machine
from depguard.adapters.uv_config import read_uv_config
from depguard.errors import InputError
from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.model.release import FormatControl
from depguard.model.request import InstallCommand, UpgradeStrategy
from depguard.parse.configured import with_config
from depguard.parse.install_command import parse_install_command

A, B, C, D = (f"http://{letter}.example.org/simple" for letter in "abcd")


@dataclass
class Place:
    """A home, a prefix, an etc and a project below one folder."""

    root: Path

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def machine(self, **environ: str) -> Machine:
        for name in ("home", "prefix", "project"):
            (self.root / name).mkdir(exist_ok=True)
        return Machine(
            environ=environ,
            home=self.root / "home",
            prefix=self.root / "prefix",
            cwd=self.root / "project",
            etc=self.root / "etc",
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_pip_files_in_their_order(place: Place) -> None:
    place.write("etc/pip.conf", f"[global]\nindex-url = {A}\ntimeout = 9\nextra-index-url = {D}\n")
    place.write("home/.pip/pip.conf", f"[global]\nindex_url = {B}\n")
    place.write("home/.config/pip/pip.conf", f"[global]\nindex-url = {C}\nfind-links =\n    /w1\n    /w2\n")
    config = read_pip_config(place.machine())
    assert config.index.index_url == C
    assert config.index.extra_index_urls == (D,)
    assert config.index.find_links == ("/w1", "/w2")
    assert dict(config.index.origins)["index_url"] == "~/.config/pip/pip.conf [global] index-url"
    assert [(f.name, f.value) for f in config.fetch] == [("timeout", "9")]


def test_pip_install_section_wins_over_global_and_variables_over_both(place: Place) -> None:
    place.write("etc/pip.conf", f"[install]\nindex-url = {A}\n[download]\nindex-url = {D}\n")
    place.write("home/.config/pip/pip.conf", f"[global]\nindex-url = {B}\n")
    assert read_pip_config(place.machine()).index.index_url == A
    config = read_pip_config(place.machine(PIP_INDEX_URL=C, PIP_EXTRA_INDEX_URL=f"{A} {B}"))
    assert config.index.index_url == C
    assert config.index.extra_index_urls == (A, B)
    assert dict(config.index.origins)["index_url"] == "PIP_INDEX_URL"


def test_pip_config_file(place: Place) -> None:
    place.write("etc/pip.conf", f"[global]\nextra-index-url = {D}\n")
    place.write("home/.config/pip/pip.conf", f"[global]\nindex-url = {A}\n")
    place.write("own.conf", f"[global]\nfind-links = {B}\n")
    own = read_pip_config(place.machine(PIP_CONFIG_FILE=str(place.root / "own.conf"))).index
    assert (own.index_url, own.extra_index_urls, own.find_links) == (None, (D,), (B,))
    none = read_pip_config(place.machine(PIP_CONFIG_FILE=os.devnull, PIP_NO_INDEX="1")).index
    assert (none.index_url, none.extra_index_urls, none.no_index) == (None, (), True)
    missing = read_pip_config(place.machine(PIP_CONFIG_FILE=str(place.root / "gone.conf"))).index
    assert missing.index_url == A


def test_pip_options_that_change_the_decision(place: Place) -> None:
    place.write("home/cons.txt", "numpy<2.1\n")
    config = read_pip_config(
        place.machine(
            PIP_CONSTRAINT=str(place.root / "home/cons.txt"),
            PIP_PRE="yes",
            PIP_USER="0",
            PIP_ONLY_BINARY=":all:",
            PIP_TARGET="/somewhere",
            PIP_PREFER_BINARY="1",
            PIP_UPLOADED_PRIOR_TO="2026-11-01",
            PIP_CACHE_DIR="/c",
            PIP_DISABLE_PIP_VERSION_CHECK="1",
            PIP_NONSENSE="1",
            PIP_QUIET="2",
        )
    )
    assert config.index.exclude_newer == datetime(2026, 11, 1, tzinfo=UTC)
    assert config.unmodelled == ("--prefer-binary", "--target /somewhere")
    command = configured("pip install --no-deps numpy", config)
    assert command.prerelease
    assert not command.user
    assert command.no_deps
    assert command.formats == FormatControl(only_binary=frozenset({":all:"}))
    assert [c.text for c in command.constraints] == ["numpy<2.1"]
    assert command.unmodelled == (
        "--prefer-binary (PIP_PREFER_BINARY)",
        "--target /somewhere (PIP_TARGET)",
    )


def configured(line: str, config: Any) -> InstallCommand:
    def read(reference: str, including: str | None) -> str:
        assert including is None
        return Path(reference).read_text(encoding="utf-8")

    return with_config(parse_install_command(line.split()), config, read=read)


def test_the_command_line_wins_over_the_configuration(place: Place) -> None:
    config = read_pip_config(
        place.machine(PIP_USER="1", PIP_UPGRADE="1", PIP_UPGRADE_STRATEGY="eager", PIP_NO_BINARY="foo")
    )
    plain = configured("pip install numpy", config)
    assert (plain.user, plain.strategy) == (True, UpgradeStrategy.EAGER)
    assert plain.formats.no_binary == {"foo"}
    own = configured(
        "pip install --no-user --upgrade-strategy only-if-needed -U --only-binary foo numpy", config
    )
    assert (own.user, own.strategy) == (False, UpgradeStrategy.ONLY_IF_NEEDED)
    assert own.formats == FormatControl(only_binary=frozenset({"foo"}))
    isolated = configured("pip install --isolated numpy", config)
    assert not isolated.user
    assert configured("pip uninstall -y numpy", config).user is False
    assert configured("uv pip install numpy", config).user is False


def test_what_pip_would_refuse_has_a_place(place: Place) -> None:
    place.write("home/.config/pip/pip.conf", "[global]\nno-index = perhaps\n")
    with pytest.raises(InputError) as caught:
        read_pip_config(place.machine())
    assert caught.value.problems[0].location == Location("~/.config/pip/pip.conf [global] no-index")
    place.write("home/.config/pip/pip.conf", "[global]\nindex-url = x\nnonsense\n")
    with pytest.raises(InputError) as caught:
        read_pip_config(place.machine())
    assert caught.value.problems[0].location is not None
    assert caught.value.problems[0].location.file == "~/.config/pip/pip.conf"


def test_credentials_are_not_shown(place: Place) -> None:
    config = read_pip_config(
        place.machine(
            PIP_INDEX_URL="https://me:hunter2@example.org/simple",
            PIP_EXTRA_INDEX_URL="https://t0ken@example.org/x https://b.example.org",
            PIP_PROXY="http://me:hunter2@proxy.example.org:8080",
        )
    )
    shown = repr(config) + repr(config.describe())
    assert "hunter2" not in shown
    assert "t0ken" not in shown
    assert config.index.index_url == "https://me:hunter2@example.org/simple"
    assert ("index_url", "https://example.org/simple", "PIP_INDEX_URL") in config.describe()


def test_uv_layers(place: Place) -> None:
    place.write("etc/uv/uv.toml", f'extra-index-url = ["{D}"]\noffline = true\n')
    place.write("home/.config/uv/uv.toml", f'index-url = "{A}"\nprerelease = "allow"\nfind-links = ["/u"]\n')
    place.write(
        "pyproject.toml",
        f'[tool.uv]\nfind-links = ["/p"]\nconstraint-dependencies = ["numpy<2.1"]\nresolution = "lowest"\n'
        f'[[tool.uv.index]]\nname = "c"\nurl = "{C}"\n'
        f'[[tool.uv.index]]\nname = "x"\nurl = "{B}"\nexplicit = true\n',
    )
    config = read_installer_config(Installer.UV, place.machine(UV_EXCLUDE_NEWER="2026-11-01"))
    assert config.index.index_url == A
    assert config.index.extra_index_urls == (C, D)
    assert config.index.find_links == ("/p", "/u")
    assert config.index.offline
    assert config.index.exclude_newer == datetime(2026, 11, 1, tzinfo=UTC)
    assert config.unmodelled == ("--resolution lowest",)
    command = configured("uv pip install numpy", config)
    assert command.prerelease
    assert [c.text for c in command.constraints] == ["numpy<2.1"]


def test_uv_toml_hides_the_pyproject_beside_it(place: Place) -> None:
    place.write("project/uv.toml", f'index-url = "{A}"\n[pip]\nindex-url = "{B}"\n')
    place.write("project/pyproject.toml", f'[tool.uv]\nextra-index-url = ["{C}"]\n')
    index = read_uv_config(place.machine()).index
    assert (index.index_url, index.extra_index_urls) == (B, ())
    assert read_uv_config(place.machine(UV_NO_CONFIG="1")).index.index_url is None


def test_uv_variables(place: Place) -> None:
    place.write("own.toml", f'extra-index-url = ["{D}"]\n')
    config = read_uv_config(
        place.machine(
            UV_CONFIG_FILE=str(place.root / "own.toml"),
            UV_INDEX=f"named={A}",
            UV_INDEX_URL=B,
            UV_DEFAULT_INDEX=C,
            UV_FIND_LINKS="/x,/y z",
            UV_OFFLINE="false",
            UV_TORCH_BACKEND="auto",
            UV_NO_BUILD="true",
        )
    )
    assert config.index.index_url == C
    assert config.index.extra_index_urls == (A, D)
    assert config.index.find_links == ("/x", "/y z")
    assert not config.index.offline
    assert config.unmodelled == ("--torch-backend auto",)
    assert configured("uv pip install x", config).formats.only_binary == {":all:"}


def test_uv_file_that_is_no_toml(place: Place) -> None:
    place.write("project/uv.toml", "index-url = \n")
    with pytest.raises(InputError) as caught:
        read_uv_config(place.machine())
    place_of = caught.value.problems[0].location
    assert place_of is not None
    assert place_of.line == 1


# What the installers themselves say.

PIP_SETUPS: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"home/.config/pip/pip.conf": f"[global]\nindex-url={A}\n[install]\nextra-index-url={B}\n"}, {}),
    ({"home/.pip/pip.conf": f"[global]\nindex-url={A}\n"}, {"PIP_EXTRA_INDEX_URL": f"{B}\n{C}"}),
    ({"home/.config/pip/pip.conf": f"[install]\nfind-links={A} {B}\n"}, {"PIP_FIND_LINKS": C}),
    ({"home/.config/pip/pip.conf": "[global]\nno-index=true\n"}, {"PIP_NO_INDEX": "off"}),
    ({"home/.config/pip/pip.conf": f"[install]\nindex_url={A}\n"}, {"PIP_INDEX_URL": ""}),
    (
        {"own.conf": f"[global]\nindex-url={A}\n", "home/.config/pip/pip.conf": f"[global]\nfind-links={B}"},
        {"PIP_CONFIG_FILE": "own.conf"},
    ),
]


@pytest.mark.referee
@pytest.mark.parametrize(("files", "environ"), PIP_SETUPS)
def test_pip_agrees(place: Place, files: Mapping[str, str], environ: Mapping[str, str]) -> None:
    pytest.importorskip("pip")
    for path, text in files.items():
        place.write(path, text)
    if "PIP_CONFIG_FILE" in environ:
        environ = {**environ, "PIP_CONFIG_FILE": str(place.root / environ["PIP_CONFIG_FILE"])}
    here = {"XDG_CONFIG_DIRS": str(place.root / "etc"), **environ}
    index = read_pip_config(place.machine(**here)).index
    program = (
        "import json; from pip._internal.commands import create_command;"
        "o, _ = create_command('install').parse_args(['x']);"
        "print(json.dumps([o.index_url, o.extra_index_urls, o.find_links, bool(o.no_index)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**here, "HOME": str(place.root / "home"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
        cwd=place.root,
    )
    url, extra, links, no_index = json.loads(done.stdout)
    assert (list(index.extra_index_urls), list(index.find_links), index.no_index) == (extra, links, no_index)
    if index.index_url is not None:
        assert index.index_url == url
    else:
        assert url not in (A, B, C, D)


UV_SETUPS: list[tuple[dict[str, str], dict[str, str]]] = [
    (
        {
            "project/uv.toml": f'index-url="{A}"\nextra-index-url=["{B}"]\nfind-links=["http://f.example.org"]\n'
            f'[[index]]\nname="n"\nurl="{C}"\n[pip]\nextra-index-url=["{D}"]\nfind-links=["http://g.example.org"]\n'
        },
        {},
    ),
    ({"project/uv.toml": f'[[index]]\nurl="{A}"\ndefault=true\n'}, {"UV_EXTRA_INDEX_URL": f"{B} {C}"}),
    (
        {
            "home/.config/uv/uv.toml": f'extra-index-url=["{A}"]\n',
            "project/uv.toml": f'extra-index-url=["{B}"]\n',
        },
        {"UV_INDEX": f"n={C}", "UV_DEFAULT_INDEX": D},
    ),
    ({"pyproject.toml": f'[tool.uv]\nindex-url="{A}"\n[tool.uv.pip]\nindex-url="{B}"\n'}, {}),
    (
        {"project/pyproject.toml": "[project]\nname='x'\n", "uv.toml": f'index-url="{A}"\n'},
        {"UV_FIND_LINKS": "http://f.example.org,http://g.example.org"},
    ),
]


@pytest.mark.referee
@pytest.mark.parametrize(("files", "environ"), UV_SETUPS)
def test_uv_agrees(place: Place, files: Mapping[str, str], environ: Mapping[str, str]) -> None:
    uv = shutil.which("uv", path=sysconfig.get_path("scripts")) or shutil.which("uv")
    if uv is None:
        pytest.skip("no uv")
    for path, text in files.items():
        place.write(path, text)
    here = {"XDG_CONFIG_DIRS": str(place.root / "etc"), **environ}
    index = read_uv_config(place.machine(**here)).index
    done = subprocess.run(
        [uv, "pip", "install", "--show-settings", "x"],
        env={**here, "HOME": str(place.root / "home"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
        cwd=place.root / "project",
    )
    locations = done.stdout[done.stdout.index("index_locations") : done.stdout.index("no_index")]
    # The default index is asked last, wherever it is listed.
    listed = re.findall(r'given: Some\(\s*"([^"]+)".*?default: (true|false)', locations, re.DOTALL)
    assert [url for url, default in listed if default == "true"] == (
        [index.index_url] if index.index_url else []
    )
    others = [url for url, default in listed if default == "false"]
    assert others == [*index.extra_index_urls, *index.find_links]
