"""Certificates that nobody vouches for, made on the spot."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest


def make_certificate(folder: Path, *names: str, subject: str = "/CN=kit") -> Path:
    """A certificate for these names (``DNS:localhost``, ``IP:127.0.0.1``), with its key, in one file.

    Skips the test where there is no openssl.
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here to make a certificate with")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", subject]
    command += ["-addext", f"subjectAltName={','.join(names)}", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return both


def found_by_name(folder: Path, certificate: Path) -> Path:
    """A folder where OpenSSL finds an authority by the hash of its name."""
    command = ["openssl", "x509", "-noout", "-subject_hash", "-in", str(certificate)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    folder.mkdir()
    (folder / f"{told.stdout.strip()}.0").write_bytes(certificate.read_bytes())
    return folder


def server_side(certificate: Path) -> ssl.SSLContext:
    """What a server needs to show it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
