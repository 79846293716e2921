"""SM2 signatures with SM3 (GB/T 32918.2, GM/T 0003.2, GM/T 0009).

Secret keys are handled by OpenSSL 3 alone, through its command: the certificate library we use for everything else has
no SM2, and the Python packages that have it do not claim constant time. Checking needs no secret, so it is done by
``gmalg`` (pure Python, no process started). Needs ``quanheng[sm2]``; docs/signing.md tells how they were chosen.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from quanheng.errors import InputError

NAME = "sm2-sm3"
DEFAULT_ID = b"1234567812345678"  # the signer's identity where a certificate names none, GM/T 0009 clause 10
SIGNATURE_OID = "1.2.156.10197.1.501"
CURVE_OID = "1.2.156.10197.1.301"
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_PASS = "QUANHENG_OPENSSL_PASS"  # noqa: S105 the name of a variable, not a secret
_TIMEOUT = 30


def encode(r: int, s: int) -> bytes:
    """DER of a signature, GM/T 0009 clause 7.3."""
    from asn1crypto.algos import DSASignature

    return bytes(DSASignature({"r": r, "s": s}).dump())


def decode(signature: bytes) -> tuple[int, int]:
    """r and s of a signature in DER, in its one spelling; ValueError otherwise."""
    from asn1crypto.algos import DSASignature

    parsed = DSASignature.load(signature, strict=True)
    r, s = int(parsed["r"].native), int(parsed["s"].native)
    if not (0 < r < ORDER and 0 < s < ORDER) or encode(r, s) != signature:
        raise ValueError("r and s lie outside the range of SM2, or their DER is not canonical")
    return r, s


def verify(public: bytes, signature: bytes, data: bytes, identity: bytes = DEFAULT_ID) -> bool:
    """Whether a DER signature over the data is by the key (65 bytes, uncompressed point)."""
    try:
        from gmalg import SM2
    except ImportError:
        raise InputError("sm2_missing", "checking SM2 needs the library gmalg: install quanheng[sm2]", NAME) from None
    if len(public) != 65 or public[0] != 4:
        return False
    try:
        r, s = decode(signature)
        key = SM2(pk=public, uid=identity)
        return bool(key.verify_pk(public) and key.verify(data, r.to_bytes(32, "big"), s.to_bytes(32, "big")))
    except (ValueError, TypeError, ArithmeticError):
        return False


@dataclass(frozen=True)
class Sm2Key:
    """A private key in a PEM file (PKCS#8, as OpenSSL writes it), encrypted where there is a passphrase."""

    path: Path
    passphrase: bytes | None = None

    def __repr__(self) -> str:
        return f"Sm2Key({str(self.path)!r})"

    @classmethod
    def create(cls, path: Path, passphrase: bytes | None = None) -> Sm2Key:
        """A new key, 0600, never over an existing one."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        words = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"]
        if passphrase:
            words += ["-aes-256-cbc", "-pass", f"env:{_PASS}"]
        pem = _openssl(words, passphrase)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise InputError("exists", "the key folder is already in use: choose an empty one", str(path)) from None
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        return cls(path, passphrase)

    def public(self) -> bytes:
        """The public point, uncompressed."""
        from asn1crypto.keys import PublicKeyInfo

        der = _openssl(["pkey", *self._key(), "-pubout", "-outform", "DER"], self.passphrase)
        return bytes(PublicKeyInfo.load(der)["public_key"].native)

    def sign(self, data: bytes, identity: bytes = DEFAULT_ID) -> bytes:
        """DER of the signature."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "data"  # what is signed is public; the command wants a file
            file.write_bytes(data)
            words = ["pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{_plain(identity)}"]
            key = [word if word != "-in" else "-inkey" for word in self._key()]
            return _openssl([*words, *key, "-in", str(file)], self.passphrase)

    def request(self, name: str, credit_code: str | None = None) -> bytes:
        """PKCS#10 in PEM, signed with SM2 and SM3."""
        subject = [("C", "CN"), ("O", name[:64]), ("organizationIdentifier", credit_code or ""), ("CN", name[:64])]
        text = "".join(f"/{key}={_escaped(value)}" for key, value in subject if value)
        words = ["req", "-new", "-sm3", "-sigopt", f"distid:{_plain(DEFAULT_ID)}", "-utf8", "-subj", text]
        key = [word if word != "-in" else "-key" for word in self._key()]
        return _openssl([*words, *key], self.passphrase)

    def _key(self) -> list[str]:
        words = ["-in", str(self.path)]
        return [*words, "-passin", f"env:{_PASS}"] if self.passphrase else words


def is_sm2(pem: bytes) -> bool:
    """Whether a PEM private key that is not encrypted is on the SM2 curve; an encrypted one does not tell."""
    from asn1crypto import pem as armour
    from asn1crypto.keys import PrivateKeyInfo

    try:
        _, _, der = armour.unarmor(pem)
        info = PrivateKeyInfo.load(der)
        return bool(info["private_key_algorithm"]["parameters"].chosen.dotted == CURVE_OID)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


@cache
def openssl() -> str:
    """The command, checked once: OpenSSL 3 or later with SM2."""
    path = shutil.which("openssl")
    told = subprocess.run([path, "version"], capture_output=True, text=True, check=False) if path else None  # noqa: S603
    version = re.match(r"OpenSSL (\d+)\.", told.stdout) if told else None
    if path is None or version is None or int(version[1]) < 3:
        raise InputError("openssl", "signing with SM2 needs the command of OpenSSL 3 or later: install it", NAME)
    return path


def _openssl(words: list[str], passphrase: bytes | None) -> bytes:
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    if passphrase:
        env[_PASS] = passphrase.decode()
    done = subprocess.run(  # noqa: S603 no shell; every word is ours, a path or a checked identity
        [openssl(), *words], capture_output=True, env=env, timeout=_TIMEOUT, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode or not done.stdout:
        lines = done.stderr.decode(errors="replace").splitlines() or ["no answer"]
        raise InputError("sm2", f"OpenSSL did not {words[0]}: {lines[0][:120]}; check key and passphrase", words[0])
    return done.stdout


def _plain(identity: bytes) -> str:
    text = identity.decode("ascii", "replace")
    if not re.fullmatch(r"[A-Za-z0-9@._-]{1,64}", text):
        raise InputError("sm2", "the signer's identity is letters, digits and @ . _ -", "identity")
    return text


def _escaped(value: str) -> str:
    if any(ord(char) < 32 for char in value):
        raise InputError("name", "a name holds no control characters", "name")
    return re.sub(r"([/\\+=])", r"\\\1", value)
