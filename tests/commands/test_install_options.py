"""The option tables agree with the installers themselves, by name and arity."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig

import pytest

from depguard.parse.install_options import OptionTable, Role
from depguard.parse.install_options_pip import PIP_INSTALL, PIP_UNINSTALL
from depguard.parse.install_options_uv import UV_INSTALL, UV_SYNC, UV_UNINSTALL

ALL = [PIP_INSTALL, PIP_UNINSTALL, UV_INSTALL, UV_SYNC, UV_UNINSTALL]


@pytest.mark.parametrize("table", ALL, ids=lambda t: t.installer)
def test_no_name_is_listed_twice_and_every_other_option_says_why(table: OptionTable) -> None:
    names = [name for option in table.options for name in option.names]
    assert sorted(names) == sorted(set(names))
    for option in table.options:
        if option.role in (Role.HARMLESS, Role.UNMODELLED):
            assert option.why, option.name


@pytest.mark.referee
@pytest.mark.parametrize(("verb", "table"), [("install", PIP_INSTALL), ("uninstall", PIP_UNINSTALL)])
def test_pip_itself_has_no_option_that_is_not_listed(verb: str, table: OptionTable) -> None:
    commands = pytest.importorskip("pip._internal.commands")
    parser = commands.create_command(verb).parser
    for option in parser.option_list_all:
        for name in (*option._short_opts, *option._long_opts):
            known = table.find(name)
            assert known is not None, name
            assert known.takes_value == option.takes_value(), name


@pytest.mark.referee
@pytest.mark.parametrize(
    ("verb", "table"), [("install", UV_INSTALL), ("sync", UV_SYNC), ("uninstall", UV_UNINSTALL)]
)
def test_uv_itself_has_no_option_that_is_not_listed(verb: str, table: OptionTable) -> None:
    uv = shutil.which("uv", path=sysconfig.get_path("scripts")) or shutil.which("uv")
    if uv is None:
        pytest.skip("no uv")
    help_text = subprocess.run([uv, "pip", verb, "--help"], capture_output=True, text=True, check=True).stdout
    lines = re.findall(r"^ +((?:-\w, )?--[\w-]+)(.*)$", help_text, re.MULTILINE)
    assert len(lines) > 15
    for names, rest in lines:
        for name in names.split(", "):
            known = table.find(name)
            assert known is not None, name
            assert known.takes_value == rest.lstrip().startswith("<"), name
