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
            from depguard.adapters.shipped_forms import write_forms

            write_forms(Path(self.root) / "policies", source / "depguard" / "_forms")
        except Exception as error:  # noqa: BLE001 - whoever runs depguard is told what is wrong, and where
            self.app.display_warning(f"built without parsed forms ({version}): {error}")
            return
        finally:
            sys.path.remove(str(source))
        build_data["artifacts"].append("src/depguard/_forms/*")
