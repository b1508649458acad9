"""Index options: on depguard's own command line, from the policy, from the installer's configuration.

What is given on a simulated command line (after ``--``) wins, then depguard's own options, then the
policy's ``sources``, then what the user's pip or uv is configured with, then the default index.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from depguard.model.request import IndexOptions
from depguard.records import replace

if TYPE_CHECKING:
    from depguard.adapters.index.client import IndexClient
    from depguard.adapters.index.settings import IndexSettings
    from depguard.cli.console import Console
    from depguard.model.policy import Installer, Policy, Sources
    from depguard.model.request import InstallCommand
    from depguard.parse.configuration import FetchSetting, InstallerConfig
    from depguard.parse.requirement_lines import Reader

_LISTS = ("extra_index_urls", "find_links")


def index_options(args: argparse.Namespace) -> IndexOptions:
    """What depguard's own command line says."""
    given = IndexOptions(
        index_url=args.index_url,
        extra_index_urls=tuple(args.extra_index_url),
        find_links=tuple(args.find_links),
        no_index=args.no_index,
        offline=args.offline,
        exclude_newer=args.exclude_newer,
        cache_dir=args.cache_dir,
    )
    names = {
        "index_url": "--index-url",
        "extra_index_urls": "--extra-index-url",
        "find_links": "--find-links",
        "no_index": "--no-index",
        "offline": "--offline",
        "exclude_newer": "--exclude-newer",
        "cache_dir": "--cache-dir",
    }
    return replace(
        given, origins=tuple((field, option) for field, option in names.items() if getattr(given, field))
    )


def merge(
    cli: IndexOptions,
    policy: Sources | None,
    config: IndexOptions,
    command: IndexOptions | None = None,
    *,
    command_first: bool = False,
) -> IndexOptions:
    """One set of index options, each with its origin: ``command``, ``cli``, ``policy``, ``config``, in turn.

    Each setting is decided by the first that states it. As with the installers, the lists of ``command``
    add to those below it (before them with ``command_first``, as uv does; after them as pip does). A
    ``no_index`` of the configuration ends where ``cli`` or ``policy`` names an index; a simulated command
    that names one does not end it, since pip keeps to it.
    """
    layers = [cli, _of_policy(policy), config]
    if any(layer.index_url or layer.extra_index_urls for layer in layers[:2]):
        layers[2] = _without(config, "no_index")
    merged = IndexOptions()
    for layer in layers:
        merged = _under(merged, layer)
    if command is None:
        return merged
    joined = _under(replace(command, extra_index_urls=(), find_links=()), merged)
    for field in _LISTS:
        own, below = getattr(command, field), getattr(merged, field)
        both = (*own, *below) if command_first else (*below, *own)
        changed: dict[str, Any] = {field: tuple(dict.fromkeys(both))}
        joined = replace(joined, **changed)
    origins = dict(joined.origins)
    for field, origin in command.origins:
        if field in _LISTS and field in dict(merged.origins):
            origins[field] = f"{dict(merged.origins)[field]}, {origin}"
    return replace(joined, origins=tuple(origins.items()))


def _under(upper: IndexOptions, lower: IndexOptions) -> IndexOptions:
    """``upper`` with what it leaves open filled from ``lower``."""
    stated = {field for field, _ in upper.origins}
    taken = [(field, origin) for field, origin in lower.origins if field not in stated]
    values = {field: getattr(lower, field) for field, _ in taken}
    return replace(upper, **values, origins=(*upper.origins, *taken))


def _without(options: IndexOptions, field: str) -> IndexOptions:
    origins = tuple(pair for pair in options.origins if pair[0] != field)
    return replace(options, no_index=False, origins=origins)


def _of_policy(policy: Sources | None) -> IndexOptions:
    if policy is None:
        return IndexOptions()
    fields = ("index_url", "extra_index_urls", "find_links", "exclude_newer")
    values = {field: getattr(policy, field) for field in fields}
    origins = tuple((field, "the policy's sources") for field, value in values.items() if value)
    return IndexOptions(**values, origins=origins)


def effective_options(
    args: argparse.Namespace,
    console: Console,
    *,
    policy: Policy | None,
    installer: Installer,
    command: IndexOptions | None = None,
    ignore_config: bool = False,
) -> IndexOptions:
    """All layers merged; with ``-v`` each value and where it came from.

    ``ignore_config``: the command leaves its installer's configuration out (``pip --isolated``).
    """
    from depguard.model.policy import Installer as Installers
    from depguard.parse.configuration import shown_index_value

    config = _config(installer)
    options = merge(
        index_options(args),
        policy.sources if policy is not None else None,
        config.index if not ignore_config else IndexOptions(),
        command,
        command_first=installer is Installers.UV,
    )
    for name, origin in options.origins:
        console.detail(f"{name.replace('_', '-')} = {shown_index_value(options, name)} (from {origin})")
    return options


def configured_command(command: InstallCommand, console: Console) -> InstallCommand:
    """The command with what its installer's configuration adds, index options aside (``-v`` says what)."""
    from depguard.parse.configured import with_config

    config = _config(command.installer)
    whole = with_config(command, config, read=file_reader())
    if whole is not command:
        for given, origin in config.options:
            value = f" = {given.value}" if given.value else ""
            console.detail(f"{given.option.name.lstrip('-')}{value} (from {origin})")
    return whole


def _config(installer: Installer) -> InstallerConfig:
    from depguard.adapters.installer_config import read_installer_config

    return read_installer_config(installer)


def file_reader(*, offline: bool = False) -> Reader:
    """Reads the files that ``-r`` and ``-c`` name, from the working directory or the web."""
    from pathlib import Path

    from depguard.adapters.policy_web import fetch
    from depguard.adapters.requirement_files import file_reader as on_disk

    return on_disk(Path.cwd(), None if offline else fetch)


def index_settings(options: IndexOptions, console: Console, *, installer: Installer) -> IndexSettings:
    """What an index client is told for these options.

    Without a main index the default one of pip is used. Raises OutOfReachError where no pip knows it.
    """
    import os

    from depguard.adapters.index.settings import IndexSettings, Rule
    from depguard.model.policy import Installer as Installers

    index_url = options.index_url
    if index_url is None and not options.no_index:
        from depguard.adapters.index.default_index import default_index_url

        index_url = default_index_url()
        console.detail(f"index-url = {index_url} (pip's own default)")
    settings = IndexSettings(
        index_url=index_url,
        extra_index_urls=options.extra_index_urls,
        find_links=options.find_links,
        no_index=options.no_index,
        offline=options.offline,
        rule=Rule.UV if installer is Installers.UV else Rule.PIP,
        http2=os.environ.get("DEPGUARD_HTTP2") == "1",
    )
    return _reach(settings, _config(installer))


@contextmanager
def open_source(options: IndexOptions, console: Console, *, installer: Installer) -> Iterator[IndexClient]:
    """The index client for these options, with its cache; closed at the end. Raises as `index_settings`."""
    import os

    from depguard.adapters.cache import Cache
    from depguard.adapters.cache_place import cache_dir
    from depguard.adapters.index.client import IndexClient

    settings = index_settings(options, console, installer=installer)
    cache = Cache.in_folder(cache_dir(os.environ, options.cache_dir), note=console.note_once)
    with IndexClient(settings, cache=cache, note=console.note) as client:
        yield client
        seen = client.traffic
        console.detail(
            f"asked for {seen.pages} pages and {seen.metadata} metadata, {seen.cached} of them cached;"
            f" {seen.requests} requests, {seen.received / 1e6:.1f} MB"
        )


def _reach(settings: IndexSettings, config: InstallerConfig) -> IndexSettings:
    """The settings with how the installer is told to fetch: certificates, proxy, time-outs."""
    from pathlib import Path

    for setting in config.fetch:
        value = setting.value
        number = value.replace(".", "", 1).isdigit()
        match setting.name:
            case "cert":
                settings = replace(settings, cert=Path(value).expanduser())
            case "client-cert":
                settings = replace(settings, client_cert=Path(value).expanduser())
            case "proxy":
                settings = replace(settings, proxy=value)
            case "trusted-host":
                settings = replace(settings, trusted_hosts=(*settings.trusted_hosts, value))
            case "timeout" if number:
                settings = replace(settings, timeout=float(value))
            case "retries" if number:
                settings = replace(settings, retries=int(float(value)))
            case "keyring-provider":
                settings = replace(settings, keyring=value != "disabled")
            case "http-proxy" | "https-proxy" if _goes_through(setting, settings, config):
                settings = replace(settings, proxy=value)
            case _:
                pass
    return settings


def _goes_through(proxy: FetchSetting, settings: IndexSettings, config: InstallerConfig) -> bool:
    """Whether the main index is reached through one of uv's proxies, by its scheme and ``no-proxy``."""
    from urllib.parse import urlsplit

    parts = urlsplit(settings.index_url or "")
    spared = next((setting.value for setting in config.fetch if setting.name == "no-proxy"), "")
    names = [name.strip().lstrip(".").lower() for name in spared.split(",") if name.strip()]
    host = (parts.hostname or "").lower()
    past = any(name in ("*", host) or host.endswith(f".{name}") for name in names)
    return proxy.name == f"{parts.scheme}-proxy" and not past
