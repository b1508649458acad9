"""The comment of the action: one on each pull request, made once and then kept up to date.

Reads: INPUT_TOKEN, INPUT_POLICY, COMMENT_FILE, COMMENT_NEEDED (how many files the change touches), and what
GitHub sets. Exits 0 even where it may not write (a pull request from a fork has a token that only reads): the
job summary and the annotations have the report then. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path

LIMIT = 65_536
"""Characters of a comment on GitHub."""
PAGES = 30
SECONDS = 30


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to GitHub's API and nowhere else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


class Api:
    """GitHub's API for the comments of one pull request."""

    def __init__(self, base: str, repository: str, number: int, token: str) -> None:
        self._base = f"{base.rstrip('/')}/repos/{repository}/issues"
        self._number = number
        self._token = token
        self._open = urllib.request.build_opener(_NoRedirect()).open

    def find(self, marker: str) -> int | None:
        """The number of the comment that this action has made; nobody else's counts."""
        for page in range(1, PAGES + 1):
            found = self._ask("GET", f"/{self._number}/comments?per_page=100&page={page}")
            if not isinstance(found, list):
                return None
            for comment in found:
                user = comment.get("user") or {}
                if user.get("type") == "Bot" and str(comment.get("body", "")).startswith(marker):
                    return int(comment["id"])
            if len(found) < 100:
                return None
        return None

    def write(self, comment: int | None, body: str) -> None:
        """Make the comment, or replace its text."""
        if comment is None:
            self._ask("POST", f"/{self._number}/comments", {"body": body})
        else:
            self._ask("PATCH", f"/comments/{comment}", {"body": body})

    def _ask(self, method: str, path: str, data: dict[str, str] | None = None) -> object:
        request = urllib.request.Request(  # noqa: S310 - the runner's own GITHUB_API_URL
            self._base + path,
            method=method,
            data=json.dumps(data).encode() if data is not None else None,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "depguard",
            },
        )
        with self._open(request, timeout=SECONDS) as answer:
            return json.load(answer)


def main() -> int:
    """Write the comment, or say why it is in the summary only."""
    env = os.environ
    number = _number(env.get("GITHUB_EVENT_PATH", ""))
    repository = env.get("GITHUB_REPOSITORY", "")
    token = env.get("INPUT_TOKEN", "")
    file = Path(env.get("COMMENT_FILE") or "missing")
    if number is None or not re.fullmatch(r"[\w.-]+/[\w.-]+", repository) or not file.is_file():
        return _fallback("this run is no pull request with a report")
    if not token:
        return _fallback("there is no token")
    marker = f"<!-- depguard check {_key()} -->"
    body = f"{marker}\n{file.read_text(encoding='utf-8')}"
    if len(body) > LIMIT:
        return _fallback("the report is longer than a comment may be")
    api = Api(env.get("GITHUB_API_URL", ""), repository, number, token)
    try:
        comment = api.find(marker)
        if comment is None and env.get("COMMENT_NEEDED") == "0":
            print("depguard: the change touches nothing that installs anything, so there is no comment")
            return 0
        api.write(comment, body)
    except urllib.error.HTTPError as error:
        return _fallback(f"the API answered {error.code}; a pull request from a fork may only read")
    except (OSError, ValueError) as error:
        return _fallback(f"the API was not reached ({type(error).__name__})")
    print(f"depguard: the comment was {'made' if comment is None else 'updated'}")
    return 0


def _number(path: str) -> int | None:
    """The pull request's number."""
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
        number = event["pull_request"]["number"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return number if type(number) is int and number > 0 else None


def _key() -> str:
    """What tells two uses of the action in one repository apart."""
    names = ("GITHUB_WORKFLOW", "GITHUB_JOB", "INPUT_POLICY")
    return hashlib.sha256("\0".join(os.environ.get(name, "") for name in names).encode()).hexdigest()[:12]


def _fallback(why: str) -> int:
    print(f"::notice title=depguard::No comment was written: {why}. The report is in the job summary.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
