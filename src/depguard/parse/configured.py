"""A command line together with what its installer is configured with."""

from __future__ import annotations

from depguard.errors import InputError
from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.model.release import FormatControl
from depguard.model.request import InstallCommand, UpgradeStrategy, Verb
from depguard.parse.configuration import InstallerConfig
from depguard.parse.install_options import Role
from depguard.parse.request_draft import RequestDraft, with_format
from depguard.parse.requirement_lines import FileReading, Reader
from depguard.records import replace

_FILES = (Role.REQUIREMENT_FILE, Role.EDITABLE)


def with_config(command: InstallCommand, config: InstallerConfig, *, read: Reader) -> InstallCommand:
    """The command as the installer takes it: configured options first, those of the command line over them.

    Index options stay as the command has them: they are merged elsewhere, with those of depguard and of
    the policy. Raises InputError for constraints that are not to be read.
    """
    apart = command.ignore_config or command.verb is Verb.UNINSTALL
    if apart or command.installer is not config.installer:
        return command
    draft = _configured(command, config, read)
    flags = draft.flags
    return replace(
        command,
        constraints=(*draft.constraints, *command.constraints),
        strategy=_strategy(command, draft),
        upgrade_names=tuple(sorted({*command.upgrade_names, *draft.upgrade_names})),
        reinstall_names=tuple(sorted({*command.reinstall_names, *draft.reinstall_names})),
        prerelease=command.prerelease or (Role.PRERELEASE in flags and "--prerelease" not in command.options),
        no_deps=command.no_deps or Role.NO_DEPS in flags,
        force_reinstall=command.force_reinstall or Role.REINSTALL in flags,
        ignore_installed=command.ignore_installed or Role.IGNORE_INSTALLED in flags,
        user=command.user or (Role.USER in flags and "--no-user" not in command.options),
        require_hashes=command.require_hashes
        or (Role.REQUIRE_HASHES in flags and "--no-require-hashes" not in command.options),
        formats=_formats(draft.formats, command.formats),
        unmodelled=tuple(dict.fromkeys((*draft.unmodelled, *command.unmodelled))),
    )


def _configured(command: InstallCommand, config: InstallerConfig, read: Reader) -> RequestDraft:
    draft = RequestDraft(config.installer, tolerant=False)
    files = FileReading(draft, read, None)
    for given, origin in config.options:
        if given.option.role is Role.CONSTRAINT_FILE:
            files.include(given.value or "", constraint=True, location=Location(origin))
        elif given.option.role in _FILES:
            draft.unmodelled.append(f"{given.option.name} {given.value} ({origin})")
        elif given.option.name not in command.options or not given.option.takes_value:
            # A value on the command line takes the place of a configured one.
            known = len(draft.unmodelled)
            draft.set_option(given, origin)
            draft.unmodelled[known:] = [f"{text} ({origin})" for text in draft.unmodelled[known:]]
    for text, origin in config.constraints:
        draft.add_item(text, Location(origin), constraint=True)
    if draft.problems:
        raise InputError(*draft.problems)
    return draft


def _strategy(command: InstallCommand, draft: RequestDraft) -> UpgradeStrategy | None:
    upgrades = command.strategy is not None or Role.UPGRADE in draft.flags
    if not upgrades:
        return None
    if command.installer is Installer.UV:
        return UpgradeStrategy.EAGER
    if "--upgrade-strategy" in command.options and command.strategy is not None:
        return command.strategy
    return draft.strategy or UpgradeStrategy.ONLY_IF_NEEDED


def _formats(configured: FormatControl, own: FormatControl) -> FormatControl:
    """The command's names over the configured ones."""
    formats = configured
    stated = [(name, Role.ONLY_BINARY) for name in own.only_binary]
    stated += [(name, Role.NO_BINARY) for name in own.no_binary]
    for name, role in sorted(stated, key=lambda entry: entry[0]):  # ":all:" sorts first, and resets
        formats = with_format(formats, role, name)
    return formats
