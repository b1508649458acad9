"""A draft that was read before is the draft, with every place of every entry."""

from __future__ import annotations

import pytest

from depguard.adapters.shipped import shipped_policies
from depguard.parse.plain_values import PlainValues
from depguard.parse.policy import read_draft
from depguard.parse.policy_draft import DRAFTS

WHOLE = """\
schema: 1
name: lab
extends: colab
hosts: [colab/2026.07-gpu]
installer: uv
protected:
  numpy: "C ABI"
  torch: {family: [torchvision, "nvidia-*", "!nvidia-ml-py"], reason: "CUDA build"}
held:
  protobuf: {allow: same-major, reason: "generated code"}
  pillow: {allow: ">=10,<12", reason: "fonts"}
forbidden:
  onnxruntime-gpu: {instead: onnxruntime, reason: "same files"}
overrides:
  - {package: captum==0.8.0, drop: "numpy<2", reason: "tried"}
  - {package: "mypkg @ git+https://example.org/p", requires: ["numpy>=1; os_name > '3'"], reason: "read"}
waive:
  - {code: DG202, package: ydf, until: 2027-01-31, reason: "unused"}
sources: {builds: allow, exclude-newer: 2026-11-01}
tiers:
  one: {about: "first", requires: ["torchinfo[extra]>=1"], output: one.txt}
  two: {extends: one, requires: [einops]}
rules: {DG204: warn}
"""


@pytest.mark.parametrize("text", [WHOLE, *(path.read_text() for path in shipped_policies().values())])
def test_a_draft_comes_back(text: str) -> None:
    draft = read_draft(text, "policies/some.yaml")
    assert DRAFTS.from_text(DRAFTS.to_text(draft)) == draft


@pytest.mark.parametrize(
    "text", ["", "[]", '["Unknown", {}]', '["Tier", {}]', '["V", "no version"]', '["Severity", 1]']
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own error is one too
        DRAFTS.from_text(text)


def test_what_it_was_not_told_of_is_not_written() -> None:
    with pytest.raises(ValueError, match="object"):
        PlainValues(()).to_text(object())
