"""``quanheng seal``: make a seal's key, ask an authority for its certificate, or be a small authority oneself."""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from quanheng.cli.dcc.inputs import read_file
from quanheng.errors import InputError
from quanheng.evidence.signing import detached, request, sm2, token
from quanheng.evidence.signing.authority import Authority, Seal, write_new
from quanheng.evidence.signing.suite import SUITES, suite_named

PASSPHRASE = "QUANHENG_SEAL_PASSPHRASE"  # noqa: S105 the name of a variable, not a secret
MAX_PEM = 1024 * 1024


def configure(parser: argparse.ArgumentParser) -> None:
    """Verbs request, install, show, authority, issue, certify, sign and verify."""
    parser.description = f"Keys are encrypted under ${PASSPHRASE} where it is set; a token's PIN is ${token.PIN}."
    names = "request|install|show|authority|issue|certify|sign|verify"
    verbs = parser.add_subparsers(dest="action", required=True, metavar=names)
    ask = verbs.add_parser("request", help="make a key, and the certificate request that an authority signs")
    ask.add_argument("--token-module", metavar="LIB", help="make the key in a PKCS#11 token: the vendor's library")
    ask.add_argument("--token-label", metavar="NAME", help="the token's label")
    ask.add_argument("--key-label", metavar="NAME", default="seal", help="the key's label in the token")
    take = verbs.add_parser("install", help="put the certificate chain that came back into the seal's folder")
    take.add_argument("chain", metavar="CHAIN.pem", type=Path)
    verbs.add_parser("show", help="whose seal it is, until when, of which suite")
    verbs.add_parser("authority", help="make a small authority of one's own, for a demo or an office without one")
    verbs.add_parser("issue", help="a seal from an authority made with `seal authority`")
    certify = verbs.add_parser("certify", help="sign a certificate request with an authority of one's own")
    certify.add_argument("request", metavar="REQUEST.pem", type=Path)
    certify.add_argument("--out", metavar="CHAIN.pem", type=Path, required=True)
    sign = verbs.add_parser("sign", help="seal the bytes of any file beside it (FILE.sig), by any suite, SM2 too")
    sign.add_argument("file", metavar="FILE", type=Path)
    verify = verbs.add_parser("verify", help="whether FILE.sig is of that key over these bytes")
    verify.add_argument("file", metavar="FILE", type=Path)
    verify.add_argument("--key", metavar="PEM", type=Path, required=True, help="public key, certificate or request")
    verify.add_argument("--signature", metavar="SIG", type=Path, help="default: FILE.sig")
    verify.add_argument("--json", action="store_true", help="print JSON")
    for name, verb in verbs.choices.items():
        if name == "verify":
            continue
        verb.add_argument("folder", metavar="DIR", type=Path, help="the folder of the seal, or of the authority")
        verb.add_argument("--json", action="store_true", help="print JSON")
        if name in ("request", "authority", "issue"):
            verb.add_argument("--name", required=True, help="the organisation")
            more = [sm2.NAME] if name == "request" else []
            verb.add_argument("--suite", default=None, help=f"one of {', '.join([*SUITES, *more])}")
        if name in ("request", "issue"):
            verb.add_argument("--credit-code", help="its unified social credit code")
        if name == "issue":
            verb.add_argument("--authority", metavar="DIR", type=Path, required=True)


def run(args: argparse.Namespace) -> int:
    """``verify`` exits 1 where the signature does not fit; the others exit 0 or refuse."""
    if args.action == "verify":
        return _verify(args)
    passphrase = os.environ.get(PASSPHRASE, "").encode() or None
    {
        "request": _request,
        "install": _install,
        "show": _show,
        "authority": _authority,
        "issue": _issue,
        "certify": _certify,
        "sign": _sign,
    }[args.action](args, passphrase)
    return 0


def _request(args: argparse.Namespace, passphrase: bytes | None) -> None:
    if args.suite == sm2.NAME:
        if args.token_module or args.token_label:
            raise InputError(
                "usage", "SM2 keys are made in files only; a token's own tool makes those on it", "--suite"
            )
        path = request.request_sm2(args.folder, args.name, credit_code=args.credit_code, passphrase=passphrase)
        _print(args, {"request": str(path), "suite": sm2.NAME}, f"{path}: send it to the authority")
        return
    suite = suite_named(args.suite or "ecdsa-p256", place="--suite")
    where = None
    if args.token_module or args.token_label:
        if not (args.token_module and args.token_label):
            raise InputError("usage", "a key on a token needs --token-module and --token-label", "request")
        where = token.TokenKey(args.token_module, args.token_label, args.key_label)
    request.request(
        args.folder, args.name, credit_code=args.credit_code, suite=suite, passphrase=passphrase, on_token=where
    )
    path = args.folder / request.REQUEST
    _print(args, {"request": str(path), "suite": suite.name}, f"{path}: send it to the authority, then `seal install`")


def _install(args: argparse.Namespace, passphrase: bytes | None) -> None:
    request.install(args.folder, _read(args.chain), passphrase)
    _show(args, passphrase)


def _show(args: argparse.Namespace, passphrase: bytes | None) -> None:
    seal = Seal.load(args.folder, passphrase)
    until = seal.certificate.not_valid_after_utc.date().isoformat()
    place = "token" if (args.folder / token.FILE).exists() else "file"
    answer = {
        "organisation": seal.organisation,
        "suite": seal.suite.name,
        "key": place,
        "valid_until": until,
        "issuer": seal.certificate.issuer.rfc4514_string(),
        "chain": len(seal.chain),
    }
    text = f"{seal.organisation}: {seal.suite.name}, key in a {place}, until {until}, from {answer['issuer']}"
    _print(args, answer, text)


def _authority(args: argparse.Namespace, passphrase: bytes | None) -> None:
    suite = suite_named(args.suite or "ecdsa-p256", place="--suite")
    Authority.create(args.folder, args.name, at=datetime.now(UTC), passphrase=passphrase, suite=suite)
    path = args.folder / "root.pem"
    _print(args, {"root": str(path), "suite": suite.name}, f"{path}: the trust anchor; hand it to whoever verifies")


def _issue(args: argparse.Namespace, passphrase: bytes | None) -> None:
    suite = suite_named(args.suite, place="--suite") if args.suite else None
    root = Authority.load(args.authority, passphrase)
    now = datetime.now(UTC)
    root.issue_seal(args.folder, args.name, at=now, credit_code=args.credit_code, passphrase=passphrase, suite=suite)
    _show(args, passphrase)


def _certify(args: argparse.Namespace, passphrase: bytes | None) -> None:
    root = Authority.load(args.folder, passphrase)
    asked = request.read_request(_read(args.request))
    certificate = root.certify(request.public_key(asked), asked.subject, at=datetime.now(UTC))
    pem = certificate.public_bytes(Encoding.PEM) + root.certificate.public_bytes(Encoding.PEM)
    write_new(args.out, pem, 0o644)
    _print(args, {"chain": str(args.out)}, f"{args.out}: for `seal install`")


def _sign(args: argparse.Namespace, passphrase: bytes | None) -> None:
    signature, key = detached.sign_detached(args.folder, read_file(args.file), passphrase)
    path = _beside(args.file)
    write_new(path, signature, 0o644)
    answer: dict[str, object] = {"signature": str(path), "suite": key.suite, "key_sha256": key.sha256}
    _print(args, answer, f"{path}: {key.suite}, key {key.sha256}")


def _verify(args: argparse.Namespace) -> int:
    path = args.signature or _beside(args.file)
    key = detached.public_key(_read(args.key), str(args.key))
    intact = key.verify(_read(path), read_file(args.file))
    words = "these bytes are sealed by" if intact else "the signature does not fit these bytes and"
    answer: dict[str, object] = {"intact": intact, "suite": key.suite, "key_sha256": key.sha256}
    _print(args, answer, f"{args.file}: {words} the key {key.sha256} ({key.suite})")
    return 0 if intact else 1


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}{detached.SUFFIX}")


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_PEM + 1)
    except OSError as error:
        raise InputError("unreadable", f"the file cannot be read: {error.strerror}", str(path)) from None
    if len(data) > MAX_PEM:
        raise InputError("too_large", "the file is larger than any certificate chain", str(path))
    return data


def _print(args: argparse.Namespace, answer: dict[str, object], text: str) -> None:
    print(json.dumps(answer, ensure_ascii=False) if args.json else text)
