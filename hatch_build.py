"""Parses the policies and the host catalogue while depguard is built, so that no first run has to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ShippedFormsHook(BuildHookInterface[Any]):
    """Keeps the parsed forms beside the code: in a wheel, and in a checkout that is installed editably."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make them before anything is packed. Where that fails, depguard parses when it runs."""
        source = Path(self.root) / "src"
        sys.path.insert(0, str(source))
        try:
            fault = self._write_forms()
        finally:
            sys.path.remove(str(source))
        if fault is None:
            build_data["artifacts"].append("src/depguard/_forms/*")
        else:
            self.app.display_warning(f"built without parsed forms ({version}): {fault}")

    def _write_forms(self) -> Exception | None:
        """Parse and keep all; what stood in the way, if anything did."""
        try:
            from depguard.adapters.shipped_forms import FOLDER, write_forms
            from depguard.errors import DepguardError
        except ImportError as error:
            return error
        try:
            write_forms(Path(self.root) / "policies", Path(FOLDER))
        except (ImportError, OSError, DepguardError) as error:
            return error
        return None
