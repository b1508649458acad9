#!/usr/bin/env bash
# depguard into a virtual environment of its own, from the checkout of the action: the ref that the workflow pins is
# what runs. The pull request's checkout is the working directory: -I keeps Python from importing what lies there.
set -euo pipefail

python=${INPUT_PYTHON:-python3}
if ! "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "::error title=depguard::$("$python" -I --version 2>&1 | head -n 1) is too old or missing; use actions/setup-python with 3.11 or newer"
    exit 1
fi
cd "$RUNNER_TEMP"
venv=$(mktemp -d "$RUNNER_TEMP/depguard-venv.XXXXXX")
"$python" -I -m venv "$venv"
"$venv/bin/python" -I -m pip install --quiet --disable-pip-version-check "${DEPGUARD_SOURCE:-$GITHUB_ACTION_PATH}"
"$venv/bin/depguard" --version
echo "venv=$venv" >>"$GITHUB_OUTPUT"
