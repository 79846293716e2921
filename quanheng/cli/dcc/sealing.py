"""``dcc sign``."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from quanheng.cli.dcc.inputs import Answer, below, read_file, time_of
from quanheng.errors import InputError
from quanheng.evidence.dcc import codes, nearly, safe
from quanheng.evidence.dcc.bytes import remove, serialise
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
    parser.add_argument("--drop-comments", action="store_true", help="sign the document without its comments")
    parser.add_argument("--any-version", action="store_true", help="sign a version whose schema has no place for it")
    parser.add_argument("--out", type=Path, help="folder for the signed files (default: beside each file)")


def sign_one(args: argparse.Namespace, file: Path) -> Answer:
    """One signed copy beside the file."""
    passphrase = os.environ.get(PASSPHRASE)
    seal = Seal.load(args.seal, passphrase.encode() if passphrase else None)
    data = _fit(args, read_file(file), str(file))
    signed = sign_xml(data, seal, args.at or datetime.now(UTC), http_stamper(args.tsa) if args.tsa else None)
    name = f"{file.stem}.signed.xml"
    target = args.out / below(args, file).with_name(name) if args.out else file.with_name(name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            out.write(signed)
    except FileExistsError:
        raise InputError("exists", "the signed file exists already: move it away", str(target)) from None
    except OSError as error:
        raise InputError("unwritable", f"the signed file cannot be written: {error.strerror}", str(target)) from None
    return Answer({"signed": str(target), "signer": seal.organisation}, f"{target}\n", row=(str(target),))


def _fit(args: argparse.Namespace, data: bytes, place: str) -> bytes:
    """The bytes to sign: of a certificate whose schema has a place for the signature, without comments where asked."""
    root = safe.parse(data, place)
    if misses := nearly.mend(root, place):  # read by us, but nobody should put a seal on it
        raise InputError("namespace", f"{misses[0].words[1]}; `quanheng dcc export --to xml` mends it", place)
    version = root.get("schemaVersion") or ""
    if (codes.version_of(version) or ()) < codes.SIGNATURE_SINCE and not args.any_version:
        since = ".".join(map(str, codes.SIGNATURE_SINCE))
        message = f"DCC {version or '?'} has no place for a signature, {since} has (--any-version signs all the same)"
        raise InputError("signature_place", message, place)
    if not args.drop_comments:
        return data
    for node in list(root.iter(etree.Comment, etree.PI)):
        remove(node)
    return serialise(root)
