"""What a repository's continuous integration needs for depguard: a workflow, a hook, and the re-plan."""

from __future__ import annotations

import re

from depguard.records import dataclass

UNKNOWN_SOURCE = "OWNER/depguard@COMMIT"
"""Where depguard is to be had from, until somebody says it: a workflow with this in it fails at once."""

SOURCE = re.compile(
    r"(?P<repository>[A-Za-z0-9-]+/[A-Za-z0-9._-]+)@(?P<revision>[A-Za-z0-9][A-Za-z0-9._/-]*)"
)
"""``owner/repository@revision`` on GitHub."""

CHECKOUT = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class CiFile:
    """A file for the repository; ``addition`` is what to put into it where there is one already."""

    path: str
    text: str
    addition: str = ""


def ci_files(source: str = UNKNOWN_SOURCE) -> tuple[CiFile, ...]:
    """The workflow of pull requests and the hook. ``source`` is ``owner/repository@revision``."""
    return (
        CiFile(path=".github/workflows/depguard.yml", text=check_workflow(source)),
        CiFile(
            path=".pre-commit-config.yaml", text=f"repos:\n{hook_entry(source)}", addition=hook_entry(source)
        ),
    )


def check_workflow(source: str) -> str:
    """The workflow that checks pull requests."""
    return f"""\
# What a pull request does to the hosts of the policy. Nothing of it is run, and no secret is needed:
# pull_request is enough, and pull_request_target is refused.
name: depguard
on:
  pull_request:
permissions:
  contents: read
  pull-requests: write # the comment; a fork's token only reads, and the job summary has the report then
concurrency:
  group: depguard-${{{{ github.event.pull_request.number }}}}
  cancel-in-progress: true
jobs:
  check:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: {CHECKOUT}
        with:
          fetch-depth: 0 # what the pull request started from is needed, too
          persist-credentials: false
      - uses: {source}
"""


def replan_workflow(source: str, lists: str) -> str:
    """The scheduled re-plan. ``lists`` has lines of a host file and where its package list is published."""
    repository, _, revision = source.partition("@")
    listed = "\n".join(f"            {line}" for line in lists.splitlines())
    return f"""\
# Re-plans every tier when the package list of a host changes, and opens a pull request with the difference
# before anybody's notebook finds out.
name: depguard re-plan
on:
  schedule:
    - cron: "17 5 * * *"
  workflow_dispatch:
permissions:
  contents: write # the branch depguard/replan
  pull-requests: write
concurrency:
  group: depguard-replan
jobs:
  replan:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - uses: {CHECKOUT}
      - uses: {repository}/replan@{revision}
        with:
          lists: |
{listed}
"""


def hook_entry(source: str) -> str:
    """An entry of ``repos:`` in ``.pre-commit-config.yaml``."""
    repository, _, revision = source.partition("@")
    return f"""\
  - repo: https://github.com/{repository}
    rev: {revision}
    hooks:
      - id: depguard-check
      - id: depguard-lock
"""
