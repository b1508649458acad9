#!/usr/bin/env bash
# The step that fails, last, so that the comment and the summary are there whatever the verdict.
# depguard's exit codes: 0 safe, 1 refused, 2 bad input, 3 could not decide. The last two always fail.
set -euo pipefail

case "${CHECK_CODE:-}:${INPUT_FAIL_ON:-new}" in
    0:*) echo "depguard: ${CHECK_VERDICT:-safe}" ;;
    1:never) echo "depguard: ${CHECK_VERDICT:-refused}; fail-on is never" ;;
    1:*) echo "depguard: ${CHECK_VERDICT:-refused}"; exit 1 ;;
    *) echo "depguard could not decide (exit code ${CHECK_CODE:-unknown})"; exit 1 ;;
esac
