"""Command lines of pip and uv to InstallCommand."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

import pytest

from depguard.errors import InputError, Problem
from depguard.model.policy import Installer
from depguard.model.release import FormatControl
from depguard.model.request import InstallCommand, UpgradeStrategy, Verb
from depguard.parse.install_command import find_install_command, parse_install_command

FILES = {
    "req.txt": "torchinfo==1.8.0\n-r more/extra.txt\n",
    "more/extra.txt": "einops\n--index-url https://files.example.org/simple\n",
    "cons.txt": "numpy<2.1\n",
}


def read(reference: str, including: str | None) -> str:
    from depguard.parse.requirement_lines import resolve_reference

    label = resolve_reference(reference, including)
    if label not in FILES:
        raise InputError(Problem(code="test.missing", message=f"no such file: {label}"))
    return FILES[label]


def strict(line: str) -> InstallCommand:
    return parse_install_command(shlex.split(line), read=read)


def tolerant(line: str) -> InstallCommand | None:
    return find_install_command(shlex.split(line), read=read)


def texts(command: InstallCommand | None) -> list[str]:
    assert command is not None
    return [item.text for item in command.items]


@pytest.mark.parametrize(
    "line",
    [
        "pip install -U onnx",
        "pip3 -q install onnx --upgrade",
        "python -m pip install -qU onnx",
        "python3 -u -m pip install onnx -Uqqq",
        "sudo -H pip install --quie -U onnx",
        "FORCE_CUDA=1 /usr/local/bin/pip install -U -- onnx",
        "pip --proxy http://127.0.0.1:8 install -U onnx",
        "sys.executable -m pip install -U onnx",
        "{sys.executable} -m pip install -U onnx",
    ],
)
def test_many_ways_to_call_pip(line: str) -> None:
    command = strict(line)
    assert command.installer is Installer.PIP
    assert texts(command) == ["onnx"]
    assert command.strategy is UpgradeStrategy.ONLY_IF_NEEDED
    assert command.unmodelled == ()


@pytest.mark.parametrize(
    "line",
    [
        "uv pip install -U onnx",
        "uv -q pip --no-cache install --upgrade onnx",
        "python -m uv pip install -U onnx",
    ],
)
def test_uv_upgrades_all_that_it_reaches(line: str) -> None:
    command = strict(line)
    assert command.installer is Installer.UV
    assert command.strategy is UpgradeStrategy.EAGER
    assert texts(command) == ["onnx"]


def test_every_modelled_flag_of_pip() -> None:
    command = strict(
        "pip install -I --force-reinstall --no-dependencies --pre --user --require-hashes --isolated"
        " --upgrade --upgrade-strategy=eager --only-binary :all: --no-binary Shapely"
        " -i https://a.example.org/simple --extra-index-url=https://b.example.org/simple"
        " -fhttps://c.example.org/wheels --no-index --uploaded-prior-to 2026-11-01 numpy"
    )
    assert (command.ignore_installed, command.force_reinstall, command.no_deps) == (True, True, True)
    assert (command.prerelease, command.user, command.require_hashes) == (True, True, True)
    assert command.ignore_config
    assert command.strategy is UpgradeStrategy.EAGER
    assert command.formats == FormatControl(
        only_binary=frozenset({":all:"}), no_binary=frozenset({"shapely"})
    )
    index = command.index
    assert index.index_url == "https://a.example.org/simple"
    assert index.extra_index_urls == ("https://b.example.org/simple",)
    assert index.find_links == ("https://c.example.org/wheels",)
    assert index.no_index
    assert index.exclude_newer == datetime(2026, 11, 1, tzinfo=UTC)
    assert dict(index.origins)["index_url"] == "--index-url of the command"
    assert command.unmodelled == ()


def test_every_modelled_flag_of_uv() -> None:
    command = strict(
        "uv pip install --system --reinstall --reinstall-package Foo -P 'bar<3' --prerelease allow --no-build"
        " --default-index https://a.example.org/simple --index pt=https://b.example.org/whl --offline"
        " --exclude-newer 2026-11-01T12:00:00Z --no-config --no-deps numpy"
    )
    assert command.reinstall_names == ("foo",)
    assert command.upgrade_names == ("bar",)
    assert [c.text for c in command.constraints] == ["bar<3"]
    assert command.prerelease
    assert command.no_deps
    assert command.ignore_config
    assert command.formats.only_binary == {":all:"}
    assert command.index.index_url == "https://a.example.org/simple"
    assert command.index.extra_index_urls == ("https://b.example.org/whl",)
    assert command.index.offline
    assert command.index.exclude_newer == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert command.unmodelled == ()


def test_files_come_last_and_their_index_replaces_the_commands() -> None:
    command = strict("pip install -r req.txt -c cons.txt -i https://a.example.org/simple numpy")
    assert texts(command) == ["numpy", "torchinfo==1.8.0", "einops"]
    assert [c.text for c in command.constraints] == ["numpy<2.1"]
    assert command.index.index_url == "https://files.example.org/simple"
    assert dict(command.index.origins)["index_url"] == "more/extra.txt:2:13"
    assert strict("uv pip install -r req.txt -i https://a.example.org/simple").index.index_url == (
        "https://a.example.org/simple"
    )


def test_without_a_reader_a_file_is_a_doubt() -> None:
    command = parse_install_command(["pip", "install", "-qr", "req.txt"])
    assert [(i.text, i.doubt) for i in command.items] == [("-r req.txt", "the file was not read")]


def test_pyproject_as_requirements_is_a_doubt() -> None:
    assert strict("uv pip install -r pyproject.toml").items[0].doubt == "only requirements files are read"


def test_uninstall_and_sync() -> None:
    gone = strict("pip uninstall -y numpy torch")
    assert (gone.verb, texts(gone)) == (Verb.UNINSTALL, ["numpy", "torch"])
    sync = strict("uv pip sync req.txt")
    assert (sync.verb, sync.no_deps, texts(sync)) == (Verb.SYNC, True, ["torchinfo==1.8.0", "einops"])
    exact = strict("uv pip install --exact einops")
    assert (exact.verb, exact.no_deps) == (Verb.SYNC, False)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pip install --target d numpy", ["--target d"]),
        ("pip install --prefer-binary --platform any --python-version 3.9 numpy", None),
        ("pip install --use-deprecated=legacy-resolver numpy", ["--use-deprecated legacy-resolver"]),
        ("pip install --use-deprecated=legacy-certs numpy", []),
        ("pip install --uploaded-prior-to P3D numpy", None),
        ("pip3.7 install numpy", ["pip3.7 (is it the host's Python?)"]),
        ("PIP_PRE=1 pip install numpy", ["PIP_PRE"]),
        ("uv pip install --resolution lowest numpy", ["--resolution lowest"]),
        ("uv pip install --resolution highest --index-strategy first-index numpy", []),
        ("uv pip install --overrides o.txt numpy", ["--overrides o.txt"]),
        ("uv pip install --user numpy", ["--user"]),
        ("uv pip install --prerelease explicit numpy", ["--prerelease explicit"]),
        ("uv pip install --torch-backend=auto torch", ["--torch-backend auto"]),
    ],
)
def test_what_is_not_modelled_is_named(line: str, expected: list[str] | None) -> None:
    unmodelled = list(strict(line).unmodelled)
    if expected is None:
        assert len(unmodelled) >= 1
    else:
        assert unmodelled == expected


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("pip install --upgrde numpy", "has no option --upgrde", "did you mean --upgrade?"),
        ("pip install -u numpy", "has no option -u", "did you mean -U?"),
        ("pip install -y numpy", "has no option -y", None),
        ("pip install --no numpy", "has no option --no", None),
        ("uv pip install --upgrad numpy", "has no option --upgrad", "did you mean --upgrade?"),
        (
            "uv pip install --upgrade -qqU numpy",
            "uv pip install takes --upgrade once",
            "leave the second one out",
        ),
        ("pip -U install numpy", "pip has no option -U", None),
        ("pip install numpy -r", "--requirement needs a value", None),
        ("pip install --pre=yes numpy", "--pre takes no value, got 'yes'", None),
        ("pip install --upgrade-strategy lazy numpy", "--upgrade-strategy 'lazy' is none", None),
        ("pip install --uploaded-prior-to yesterday numpy", "'yesterday' is no date", None),
        ("pip install numpy=1.2", "'=' in 'numpy=1.2' is no operator", "did you mean ==1.2?"),
        ("pip instal numpy", "pip instal installs nothing", "did you mean pip install?"),
        ("pip list", "pip list installs nothing", None),
        ("pip install", "nothing to install", None),
        ("pip install -r gone.txt", "no such file: gone.txt", None),
        ("apt-get install numpy", "'apt-get' is no installer", "depguard simulate -- pip install numpy"),
    ],
)
def test_mistakes_are_refused_with_a_remedy(line: str, message: str, hint: str | None) -> None:
    with pytest.raises(InputError) as caught:
        strict(line)
    problem = caught.value.problems[0]
    assert message in problem.message
    assert problem.location is not None
    if hint is not None:
        assert problem.hint == hint


def test_all_mistakes_at_once() -> None:
    with pytest.raises(InputError) as caught:
        strict("pip install --frobnicate 'numpy=1' 'torch==latest' -c gone.txt")
    assert len(caught.value.problems) == 4


def test_tolerant_reading_keeps_mistakes_as_doubts() -> None:
    command = tolerant("pip install --frobnicate numpy 'torch==latest+cu1'")
    assert command is not None
    assert [i.text for i in command.items if i.doubt is None] == ["numpy"]
    doubts = {i.text: i.doubt for i in command.items if i.doubt is not None}
    assert set(doubts) == {"--frobnicate", "torch==latest+cu1"}
    assert "invalid version" in (doubts["torch==latest+cu1"] or "")


@pytest.mark.parametrize(
    "line", ["pip list", "ls -l", "pip download numpy", "uv venv", "python train.py", "conda list"]
)
def test_what_installs_nothing_is_none(line: str) -> None:
    assert tolerant(line) is None


@pytest.mark.parametrize(
    "line", ["uv add numpy", "poetry add numpy", "conda install -y numpy", "easy_install numpy"]
)
def test_other_tools_are_a_doubt(line: str) -> None:
    command = tolerant(line)
    assert command is not None
    assert len(command.items) == 1
    assert "is not modelled" in (command.items[0].doubt or "")


def test_credentials_are_never_kept() -> None:
    command = strict(
        "pip install git+https://user:secret@example.org/x.git 'foo @ https://t0ken@example.org/f.zip'"
    )
    assert "secret" not in repr(command)
    assert "t0ken" not in repr(command)
    assert command.items[0].url == "git+https://example.org/x.git"
