"""What an installer is configured with, as values: made by `depguard.parse.installer_settings`.

They stand apart from the tables of options, which nobody needs who has configured nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depguard.model.policy import Installer
from depguard.model.request import IndexOptions
from depguard.records import dataclass

if TYPE_CHECKING:
    from depguard.parse.install_options import Given

Value = str | bool | tuple[str, ...]
"""A value as files and variables give it; a variable's is a string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One configured value. ``name`` is the option's long name without dashes (``extra-index-url``)."""

    name: str
    value: Value
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FetchSetting:
    """How files are fetched (``cert``, ``proxy``, ``trusted-host`` …). The value may carry credentials."""

    name: str
    value: str
    origin: str

    def __repr__(self) -> str:
        return f"<FetchSetting {self.name} from {self.origin}>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class InstallerConfig:
    """The configuration of one installer.

    ``index`` has the index options with their origins; URLs may carry credentials. ``options`` are the
    others that change a decision, in the order in which they apply before those of a command line, each
    with its origin. ``fetch`` is for whoever fetches. ``constraints`` are inline (uv's
    ``constraint-dependencies``).
    """

    installer: Installer
    index: IndexOptions
    options: tuple[tuple[Given, str], ...] = ()
    constraints: tuple[tuple[str, str], ...] = ()
    fetch: tuple[FetchSetting, ...] = ()

    @property
    def unmodelled(self) -> tuple[str, ...]:
        """Configured options, by name, whose effect is not modelled."""
        from depguard.parse.request_draft import RequestDraft

        draft = RequestDraft(self.installer, tolerant=True)
        for given, origin in self.options:
            draft.set_option(given, origin)
        return tuple(draft.unmodelled)

    def describe(self) -> tuple[tuple[str, str, str], ...]:
        """Each value as ``(name, value, origin)``, without credentials, for ``-v``."""
        from depguard.parse.requirement_item import without_secrets

        rows = [(name, shown_index_value(self.index, name), origin) for name, origin in self.index.origins]
        for given, origin in self.options:
            rows.append((given.option.name.lstrip("-"), without_secrets(given.value or "on"), origin))
        rows += [("constraint", text, origin) for text, origin in self.constraints]
        rows += [(f.name, without_secrets(f.value), f.origin) for f in self.fetch]
        return tuple(rows)

    def __repr__(self) -> str:
        names = ", ".join(name for name, _, _ in self.describe())
        return f"<InstallerConfig {self.installer.value}: {names}>"


def shown_index_value(index: IndexOptions, name: str) -> str:
    """An index option's value for people: no credentials."""
    from depguard.parse.direct_reference import without_credentials

    value = getattr(index, name)
    if isinstance(value, tuple):
        return " ".join(without_credentials(part) for part in value)
    return without_credentials(value) if isinstance(value, str) else str(value).lower()
