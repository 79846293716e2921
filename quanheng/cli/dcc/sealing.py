"""``dcc sign``."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from quanheng.cli.dcc.inputs import Answer, read_file, time_of
from quanheng.errors import InputError
from quanheng.evidence.signing.authority import Seal
from quanheng.evidence.signing.tsa_client import http_stamper
from quanheng.evidence.signing.xades import sign_xml

PASSPHRASE = "QUANHENG_SEAL_PASSPHRASE"  # noqa: S105 the name of a variable, not a secret


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the action."""
    parser.description = f"The passphrase of the key, if it has one, is read from ${PASSPHRASE}."
    parser.add_argument("--seal", type=Path, required=True, help="folder with seal.key.pem and seal.pem")
    parser.add_argument("--at", type=time_of, help="signing time (default: now)")
    parser.add_argument("--tsa", metavar="URL", help="time-stamping authority (RFC 3161) for XAdES-T")
    parser.add_argument("--out", type=Path, help="folder for the signed files (default: beside each file)")


def sign_one(args: argparse.Namespace, file: Path) -> Answer:
    """One signed copy beside the file."""
    passphrase = os.environ.get(PASSPHRASE)
    seal = Seal.load(args.seal, passphrase.encode() if passphrase else None)
    signed = sign_xml(read_file(file), seal, args.at or datetime.now(UTC), http_stamper(args.tsa) if args.tsa else None)
    target = (args.out or file.parent) / f"{file.stem}.signed.xml"
    try:
        with target.open("xb") as out:
            out.write(signed)
    except FileExistsError:
        raise InputError("exists", "the signed file exists already: move it away", str(target)) from None
    except OSError as error:
        raise InputError("unwritable", f"the signed file cannot be written: {error.strerror}", str(target)) from None
    return Answer({"signed": str(target), "signer": seal.organisation}, f"{target}\n")
