"""Hosts shown and compared: what people read, what machines read."""

from __future__ import annotations

import json

from depguard.app.baseline_show import compare_hosts, describe_host
from depguard.emit.baseline_json import diff_json, host_json
from depguard.emit.baseline_text import render_diff, render_diff_markdown, render_host, render_host_list
from depguard.model.host import Host
from depguard.parse.host_assembly import baseline_sha256, make_host
from depguard.parse.host_file import parse_host_file
from depguard.parse.host_metadata import parse_metadata

BEFORE = """\
schema: 1
name: colab/2026.07-gpu
about: Colab's GPU runtime
python: 3.12.13
platform: manylinux_2_35_x86_64
os: Ubuntu 22.04.5 LTS
accelerator: gpu
loaded: [numpy, IPython]
distributions:
  ipython: 7.34.0
  numpy: 2.0.2
  torch: 2.11.0+cu128
  gateway: {version: unknown, origin: vcs, reference: "git+https://example.org/gateway@b134e9945df25c2d"}
  gone: 1.0
  Down: 2.0
"""
AFTER = """\
schema: 1
name: colab/2026.08-gpu
python: 3.13.15
platform: manylinux_2_35_x86_64
os: Ubuntu 22.04.5 LTS
accelerator: gpu
distributions:
  ipython: 7.34.0
  numpy: 2.1.3
  torch: 2.11.0
  gateway: {version: unknown, origin: vcs, reference: "git+https://example.org/gateway@cccc"}
  Down: "1.9"
  new: 3.0
"""


def before() -> Host:
    file = parse_host_file(BEFORE, "before.yaml")
    head = f'{{"format": 1, "host": "x", "baseline_sha256": "{baseline_sha256(file)}", "distributions": {{'
    entries = (
        '"ipython": {"version": "7.34.0", "how": "release", "source": "i.whl",'
        ' "requires": ["jedi>=0.16", "numpy<2"]},'
        '"numpy": {"version": "2.0.2", "how": "release", "source": "n.whl"},'
        '"torch": {"version": "2.11.0+cu128", "how": "assumed", "source": "torch-2.11.0.whl",'
        ' "contradicted": ["nvidia-cublas==13.0"]},'
        '"gateway": {"version": null, "how": "unknown", "source": "nothing carries its version"}'
    )
    return make_host(file, parse_metadata(f"{head}{entries}}}}}", "m.json"))


def after() -> Host:
    return make_host(parse_host_file(AFTER, "after.yaml"), None)


def test_a_host_is_shown_with_its_health_and_what_is_not_known() -> None:
    host = before()
    assert (
        render_host(describe_host(host))
        == f"""\
colab/2026.07-gpu: Colab's GPU runtime
  Python 3.12.13, manylinux_2_35_x86_64, Ubuntu 22.04.5 LTS, gpu
  6 distributions; requirements: 2 read from the index, 1 assumed, 3 unknown
  loaded at start: IPython, numpy
  sha256 {host.sha256}

Violated by the untouched host (2 requirements):
  ipython 7.34.0  needs jedi>=0.16  not installed
  ipython 7.34.0  needs numpy<2     has 2.0.2

Requirements unknown (3):
  Down 2.0                        the host file has no metadata beside it
  gateway unknown (b134e9945df2)  nothing carries its version
  gone 1.0                        the host file has no metadata beside it

Requirements assumed from another artifact of the same version (1):
  torch 2.11.0+cu128  from torch-2.11.0.whl
    set aside, contradicted here: nvidia-cublas==13.0"""
    )


def test_a_healthy_host_says_so() -> None:
    assert "Healthy: no known requirement is violated." in render_host(describe_host(after()))


def test_a_host_as_json() -> None:
    data = json.loads(host_json(describe_host(before())))
    assert data["schema"] == "depguard.host/1"
    assert data["glibc"] == "2.35"
    assert data["unknown_markers"] == ["platform_release", "platform_version"]
    assert "platform_release" not in data["markers"]
    assert data["requirements_known"] == {"assumed": 1, "release": 2, "unknown": 3}
    assert data["violations"][0] == {
        "package": "ipython",
        "version": "7.34.0",
        "requirement": "jedi>=0.16",
        "found": None,
    }
    torch = next(d for d in data["distributions"] if d["name"] == "torch")
    assert torch == {
        "name": "torch",
        "version": "2.11.0+cu128",
        "known": "assumed",
        "source": "torch-2.11.0.whl",
        "requires": [],
        "contradicted": ["nvidia-cublas==13.0"],
    }


def test_two_hosts_compared_for_people() -> None:
    assert (
        render_diff(compare_hosts(before(), after()))
        == """\
colab/2026.07-gpu -> colab/2026.08-gpu: 4 changed, 1 added, 1 removed, 1 the same
  python  3.12.13 -> 3.13.15

upgraded (1)
  numpy  2.0.2  -> 2.1.3

downgraded (1)
  Down  2.0  -> 1.9

replaced (2)
  gateway  unknown (b134e9945df2)  -> unknown (cccc)
  torch    2.11.0+cu128            -> 2.11.0

added (1)
  + new  3.0

removed (1)
  - gone  1.0"""
    )


def test_two_hosts_compared_for_a_pull_request() -> None:
    text = render_diff_markdown(compare_hosts(before(), after()))
    assert text.startswith(
        "### colab/2026.07-gpu → colab/2026.08-gpu\n\n4 changed, 1 added, 1 removed, 1 the same.\n"
    )
    assert "| python | 3.12.13 | 3.13.15 |" in text
    assert "<details><summary>upgraded (1)</summary>\n\n| package | before | after |\n|---|---|---|\n" in text
    assert "| numpy | 2.0.2 | 2.1.3 |" in text
    assert text.endswith("</details>\n")


def test_two_hosts_compared_for_machines() -> None:
    data = json.loads(diff_json(compare_hosts(before(), after())))
    assert data["schema"] == "depguard.baseline-diff/1"
    assert data["facts"] == [{"fact": "python", "before": "3.12.13", "after": "3.13.15"}]
    assert {"name": "torch", "kind": "replaced", "before": "2.11.0+cu128", "after": "2.11.0"} in data[
        "changed"
    ]
    assert data["added"] == [{"name": "new", "version": "3.0"}]
    assert data["same"] == 1


def test_a_host_is_no_different_from_itself() -> None:
    text = render_diff(compare_hosts(before(), before()))
    assert text == "colab/2026.07-gpu -> colab/2026.07-gpu: no difference in what is installed"


def test_the_list_names_the_packages_that_a_host_is_known_by() -> None:
    lines = render_host_list([("colab/2026.07-gpu", before()), ("lab/broken", None)]).splitlines()
    marks = ["numpy", "torch", "tensorflow", "jax", "pandas", "protobuf"]
    assert [line.split() for line in lines] == [
        ["host", "python", "packages", *marks],
        ["colab/2026.07-gpu", "3.12.13", "6", "2.0.2", "2.11.0+cu128", "-", "-", "-", "-"],
        ["lab/broken", "broken"],
    ]
    assert lines[0].index("numpy") == lines[1].index("2.0.2"), "columns are aligned"
