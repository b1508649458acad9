"""Whom an index is believed: the system's certificates, or those that the settings name."""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING

from depguard.adapters.index.settings import IndexSettings
from depguard.errors import InputError, Problem

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path


_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
_ahead: list[ssl.SSLContext] = []


def make_ahead() -> None:
    """Have a thread make a context that will most likely be needed: Python need not wait for OpenSSL.

    What goes wrong here goes wrong again, and is said, when it is needed.
    """
    import_module("ssl")  # here, not in two threads at once

    def make() -> None:
        with suppress(OSError):
            _ahead.append(_verifying_context())

    threading.Thread(target=make, daemon=True).start()


class Certificates:
    """A TLS context for trusted hosts and one for all others, each made once.

    Where OpenSSL finds an authority by its name, in a folder of the system's, not all of them are read first:
    that takes 50 ms, and an index needs one. Who is not believed then may be after `complete`. Safe to be
    used by several threads.
    """

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._found_by_name = False
        self._complete = False
        self._locks = {trusted: threading.Lock() for trusted in (False, True)}
        self._made: dict[bool, ssl.SSLContext] = {}

    def context(self, *, trusted: bool) -> ssl.SSLContext:
        """The context. Raises InputError for certificate files that cannot be read."""
        with self._locks[trusted]:
            if trusted not in self._made:
                self._made[trusted] = self._make(trusted=trusted)
            return self._made[trusted]

    def complete(self) -> bool:
        """Read all authorities, once. False where they had been from the beginning."""
        context = self.context(trusted=False)
        with self._locks[False]:
            if self._found_by_name and not self._complete:
                context.set_default_verify_paths()
                self._complete = True
            return self._found_by_name

    def prepare(self) -> None:
        """Make what most indexes need. OpenSSL may take 50 ms for it, in which Python can do other work.

        What goes wrong here goes wrong again, and is said, when it is needed.
        """
        with suppress(InputError, OSError):
            self.context(trusted=False)

    def _make(self, *, trusted: bool) -> ssl.SSLContext:
        import ssl

        context: ssl.SSLContext
        if trusted:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        else:
            context = _ahead.pop() if _ahead else _verifying_context()
            self._found_by_name = type(context) is ssl.SSLContext and not context.cert_store_stats()["x509"]
        cert, client = self._settings.cert, self._settings.client_cert
        if cert is not None:
            with _readable(cert):
                context.load_verify_locations(**{"capath" if cert.is_dir() else "cafile": str(cert)})
        if client is not None:
            with _readable(client):
                context.load_cert_chain(str(client))
        return context


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # ssl.SSLError is one
        problem = Problem(
            code="index.certificate",
            message=f"not a readable certificate file: {file}",
            allowed="a PEM file",
        )
        raise InputError(problem) from error


def _verifying_context() -> ssl.SSLContext:
    import ssl
    import sys

    paths = ssl.get_default_verify_paths()
    # On Linux truststore loads OpenSSL's own places, again for every connection (20 ms each): once will do.
    # Where OpenSSL finds no file, truststore knows more places.
    if sys.platform == "linux" and paths.cafile:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if paths.openssl_cafile_env not in os.environ and paths.capath and _has_names(paths.capath):
            context.load_verify_locations(capath=paths.capath)
        else:
            context.set_default_verify_paths()
        return context
    try:
        import truststore
    except ImportError:
        return ssl.create_default_context()
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _has_names(folder: str) -> bool:
    """Whether authorities are found there by the hashes of their names (``openssl rehash``)."""
    try:
        with os.scandir(folder) as entries:
            return any(_HASHED.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False
