"""JSON text to plain values; whatever is wrong with it comes out as one kind of error, with the place."""

from __future__ import annotations

import json
from typing import Any


class BadJsonError(ValueError):
    """No JSON that can be read. ``line`` and ``column`` are 1-based, None where the place is not known."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def load_json(text: str) -> Any:
    """The value of ``text`` (RFC 8259), a byte order mark before it left out. Raises BadJsonError.

    Python's own reader fails in three ways: at a mistake, at a number of more digits than it turns into an
    integer, and at brackets within brackets.
    """
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise BadJsonError(f"not JSON: {error.msg}", error.lineno, error.colno) from None
    except ValueError:
        raise BadJsonError("a number with too many digits") from None
    except RecursionError:
        raise BadJsonError("nested too deeply") from None
