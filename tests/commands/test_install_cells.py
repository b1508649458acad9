"""Install commands in notebooks, on lines of the kinds that people really run (facts; names as they were)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from depguard.errors import InputError
from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.model.request import InstallCommand, UpgradeStrategy, Verb
from depguard.parse.install_cells import (
    commands_in_cell,
    commands_in_notebook,
    commands_in_shell,
    notebook_cells,
)


def cell(source: str) -> tuple[InstallCommand, ...]:
    return commands_in_cell(source, "lab.ipynb", cell=3)


def one(source: str) -> InstallCommand:
    (command,) = cell(source)
    return command


def known(command: InstallCommand) -> list[str]:
    return [item.text for item in command.items if item.doubt is None]


def doubtful(command: InstallCommand) -> list[str]:
    return [item.text for item in command.items if item.doubt is not None]


REAL = [
    ("!pip install -q agno duckduckgo-search newspaper4k", ["agno", "duckduckgo-search", "newspaper4k"]),
    ("!pip3 install transformers~=4.46.1", ["transformers~=4.46.1"]),
    ("%pip install --upgrade --quiet google-genai \\\n    googlemaps", ["google-genai", "googlemaps"]),
    ('!pip install -Uq "trl[vllm]" trackio', ["trl[vllm]", "trackio"]),
    ("!pip -q install transformers==4.41.2", ["transformers==4.41.2"]),
    ("!pip install ipyfilechooser==0.6.0 &> /dev/null", ["ipyfilechooser==0.6.0"]),
    ("!pip install diffusers accelerate > install.log", ["diffusers", "accelerate"]),
    ('!pip install -qq diffusers["torch"] transformers', ["diffusers[torch]", "transformers"]),
    (
        "!pip install --no-color -qU \\\n  pinecone-datasets=='0.5.0rc11' \\\n pandas",
        ["pinecone-datasets==0.5.0rc11", "pandas"],
    ),
    ("!{sys.executable} -m pip install --user captum", ["captum"]),
    ("!python3 -m pip install jax[cuda11_local] nest-asyncio", ["jax[cuda11_local]", "nest-asyncio"]),
    ('!pip install -qq "spacy >= 3.0.6"', ["spacy >= 3.0.6"]),
    ("!pip install cudf-cu12==26.06.* aiohttp --no-cache-dir", ["cudf-cu12==26.06.*", "aiohttp"]),
    ("!pip install xformers!=0.0.18 torch==2.0.1", ["xformers!=0.0.18", "torch==2.0.1"]),
    ("!yes | pip uninstall numpy", ["numpy"]),
    ("!sudo -H pip install fair-esm", ["fair-esm"]),
    ("!TORCH_CUDA_ARCH_LIST=7.5 pip install gsplat", ["gsplat"]),
    ("%%capture\n!pip install einops", ["einops"]),
    ("%%capture out\n\n%pip install einops", ["einops"]),
    ("%%bash\nset -e\npip install einops # why", ["einops"]),
    ("%%capture\n%%bash\npip install einops", ["einops"]),
    ("%%script bash\npip install einops", ["einops"]),
    ("%shell pip install einops", ["einops"]),
    ("%sx pip install einops", ["einops"]),
    ("!!pip install einops", ["einops"]),
    ("out = !pip install einops", ["einops"]),
    ("%time !pip install einops", ["einops"]),
    ("pip install einops", ["einops"]),
    ("!bash -c 'pip install einops'", ["einops"]),
    ("get_ipython().system('pip install einops')", ["einops"]),
    ("get_ipython().run_line_magic('pip', 'install einops')", ["einops"]),
    ("import os\nos.system('pip install -q einops')", ["einops"]),
    ("subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'einops'])", ["einops"]),
    ("subprocess.run('pip install einops'.split())", ["einops"]),
    ("subprocess.run(shlex.split('pip install einops'))", ["einops"]),
    ("%%writefile a.py\n!pip install einops", None),
    ("%%html\n!pip install einops", None),
    ("%%script false --no-raise-error\n!pip install einops", None),
    ("# !pip install einops", None),
    ("#!pip install einops", None),
    ("x = '''\n!pip install einops\n'''", None),
    ("print('pip install einops')", None),
    ("!pip list | grep torch", None),
    ("!pip download einops", None),
    ("!echo pip install einops", None),
    ("!ls", None),
]


@pytest.mark.parametrize(("source", "expected"), REAL, ids=[source[:40] for source, _ in REAL])
def test_real_lines(source: str, expected: list[str] | None) -> None:
    found = cell(source)
    if expected is None:
        assert found == ()
    else:
        assert [known(command) for command in found] == [expected]
        assert doubtful(found[0]) == []


@pytest.mark.parametrize(
    ("source", "items", "doubts"),
    [
        ("!pip3 install -U tensorflow-io $USER_FLAG -q", ["tensorflow-io"], ["$USER_FLAG"]),
        (
            "!pip install torch==1.7.1{torch_version_suffix} ftfy regex",
            ["ftfy", "regex"],
            ["torch==1.7.1{torch_version_suffix}"],
        ),
        (
            "!pip install git+https://example.org/NeMo.git@$BRANCH#egg=nemo_toolkit[all]",
            [],
            ["git+https://example.org/NeMo.git@$BRANCH#egg=nemo_toolkit[all]"],
        ),
        ("!pip install --quiet nltk, sklearn", ["sklearn"], ["nltk,"]),
        ("!pip install torch-scatter==latest+cu101", [], ["torch-scatter==latest+cu101"]),
        ("!pip install 'fastai<2' pandas<2", ["fastai<2"], ["pandas"]),
        ("!pip install -r requirements.txt", [], ["-r requirements.txt"]),
        ("!cat r.txt | xargs pip install", [], ["(xargs)"]),
        ("!conda install -y faiss", [], ["conda install -y faiss"]),
        ("subprocess.run(['pip', 'install', package])", [], ["package"]),
        ("os.system(f'pip install torch=={v} einops')", ["einops"], ["torch=={v}"]),
        ("subprocess.run(['pip', 'install'] + extra)", [], ["subprocess.run(['pip', 'install'] + extra)"]),
        (
            "os.system('pip install x'); print 'python 2'",
            [],
            ["os.system('pip install x'); print 'python 2'"],
        ),
    ],
)
def test_what_cannot_be_known(source: str, items: list[str], doubts: list[str]) -> None:
    command = one(source)
    assert known(command) == items
    assert doubtful(command) == doubts


def test_unknown_value_of_an_option_is_unmodelled() -> None:
    command = one("!pip install torch-scatter -f https://example.org/whl/torch-${TORCH}.html")
    assert known(command) == ["torch-scatter"]
    assert command.unmodelled == (
        "--find-links https://example.org/whl/torch-${TORCH}.html (the value of ${TORCH} is not known)",
    )


def test_unquoted_lower_bound_is_dropped_with_a_note() -> None:
    command = one("!pip install pytorch-lightning>=1.4 -q")
    assert known(command) == ["pytorch-lightning"]
    assert "write 'pytorch-lightning>=1.4' in quotes" in command.notes[0]
    assert command.command == "pip install pytorch-lightning>=1.4 -q"


def test_commands_are_separate_and_in_order() -> None:
    found = cell(
        "!pip install a b; pip install c && pip uninstall -y d || uv pip install -U e\nx = 1\n%pip install f"
    )
    assert [known(c) for c in found] == [["a", "b"], ["c"], ["d"], ["e"], ["f"]]
    assert [c.verb for c in found[:3]] == [Verb.INSTALL, Verb.INSTALL, Verb.UNINSTALL]
    assert (found[3].installer, found[3].strategy) == (Installer.UV, UpgradeStrategy.EAGER)
    assert [c.conditional for c in found] == [False, False, False, True, False]
    assert [str(c.location) for c in found] == [
        "lab.ipynb:cell 3:1:2",
        "lab.ipynb:cell 3:1:19",
        "lab.ipynb:cell 3:1:36",
        "lab.ipynb:cell 3:1:58",
        "lab.ipynb:cell 3:3:2",
    ]


def test_a_command_in_a_block_is_conditional() -> None:
    source = "if colab:\n    !pip install a\n    os.system('pip install b')\n!pip install c"
    assert [(known(c), c.conditional) for c in cell(source)] == [(["a"], True), (["b"], True), (["c"], False)]
    bash = "%%bash\nif true; then pip install a; fi\npip install b"
    assert [(known(c), c.conditional) for c in cell(bash)] == [(["a"], True), (["b"], False)]


def test_places_in_a_continued_line() -> None:
    command = one("# setup\n!pip install -q \\\n  captum==0.8.0 \\\n  optuna")
    assert [str(item.location) for item in command.items] == [
        "lab.ipynb:cell 3:3:3",
        "lab.ipynb:cell 3:4:3",
    ]


def test_other_magics_do_not_hide_python_calls() -> None:
    assert known(one("%matplotlib inline\n!ls\nfor i in x:\n    !ls\nos.system('pip install a')")) == ["a"]


def notebook(*cells: dict[str, Any], **more: Any) -> str:
    return json.dumps({"nbformat": 4, "cells": list(cells), **more})


def code(source: str | list[str]) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "outputs": []}


def test_a_notebook() -> None:
    text = notebook(
        {"cell_type": "markdown", "source": "!pip install no"},
        code(["!pip install \\\n", "  captum\n"]),
        code("%%writefile requirements.txt\neinops\n"),
        code("!pip install -qr requirements.txt"),
    )
    found = commands_in_notebook(text, "lab.ipynb")
    assert [known(c) for c in found] == [["captum"], ["einops"]]
    assert found[0].items[0].location == Location("lab.ipynb", 2, 3, 2)
    assert found[1].items[0].location == Location("lab.ipynb", 2, 1, 3)


def test_files_of_the_repository_are_read() -> None:
    def read(reference: str, including: str | None) -> str:
        assert (reference, including) == ("r.txt", None)
        return "numpy\n"

    (command,) = commands_in_notebook(notebook(code("!pip install -r r.txt")), "lab.ipynb", read=read)
    assert known(command) == ["numpy"]


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ('{"cells": [}', "not JSON: Expecting value", Location("lab.ipynb", 1, 12)),
        ("[]", "no list of cells", Location("lab.ipynb")),
        ('{"nbformat": 3, "worksheets": []}', "a notebook of format 3", Location("lab.ipynb")),
        ('{"cells": [1]}', "not a cell", Location("lab.ipynb", cell=1)),
        (
            '{"cells": [{"cell_type": "code", "source": 1}]}',
            "source is no text",
            Location("lab.ipynb", cell=1),
        ),
        ("[" * 100_000, "nested too deeply", Location("lab.ipynb")),
    ],
)
def test_what_is_no_notebook(text: str, message: str, place: Location) -> None:
    with pytest.raises(InputError) as caught:
        notebook_cells(text, "lab.ipynb")
    assert caught.value.problems[0].message == message
    assert caught.value.problems[0].location == place


def test_a_shell_script() -> None:
    text = "#!/bin/sh\nset -e\nif [ -f x ]; then\n  pip install a\nfi\npip install -q b \\\n  c\n"
    found = commands_in_shell(text, "setup.sh")
    assert [known(c) for c in found] == [["a"], ["b", "c"]]
    assert str(found[1].location) == "setup.sh:6:1"


def test_credentials_are_not_kept() -> None:
    command = one("!pip install git+https://user:hunter2@example.org/x.git --quiet")
    assert "hunter2" not in repr(command)
