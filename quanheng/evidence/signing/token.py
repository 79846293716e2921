"""Keys that never leave a PKCS#11 token (a cryptographic card, an HSM, SoftHSM in tests); needs ``quanheng[pkcs11]``.

``seal.token.toml`` in a seal's folder names the key: ``module`` (the vendor's library), ``token`` and ``key`` (their
labels). The PIN comes from QUANHENG_SEAL_PIN and is kept nowhere.
"""

from __future__ import annotations

import os
import threading
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from quanheng.errors import InputError
from quanheng.evidence.signing.suite import PublicKey

FILE = "seal.token.toml"
PIN = "QUANHENG_SEAL_PIN"
_LOCK = threading.RLock()


@dataclass(frozen=True)
class TokenKey:
    """Where a private key is."""

    module: str
    token: str
    key: str

    def text(self) -> str:
        """The content of ``seal.token.toml``."""
        quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in vars(self).items()}
        return "".join(f'{name} = "{value}"\n' for name, value in quoted.items())


def read_token_key(path: Path) -> TokenKey:
    """Parse ``seal.token.toml``."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
        return TokenKey(str(values["module"]), str(values["token"]), str(values["key"]))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError) as error:
        message = f"the file must name module, token and key: {type(error).__name__} {error}"
        raise InputError("token", message, str(path)) from None


@lru_cache(maxsize=64)
def _session(where: TokenKey, pin: str, _process: int) -> Any:
    """An open session; a forked process opens its own, as PKCS#11 demands."""
    try:
        import pkcs11
        from pkcs11.exceptions import PKCS11Error
    except ImportError:
        remedy = "keys on a token need the library python-pkcs11: install quanheng[pkcs11]"
        raise InputError("pkcs11_missing", remedy, where.module) from None
    try:
        return pkcs11.lib(where.module).get_token(token_label=where.token).open(rw=True, user_pin=pin)
    except (PKCS11Error, RuntimeError, OSError) as error:
        message = f"the token {where.token} cannot be opened ({type(error).__name__}): check library, label and {PIN}"
        raise InputError("token", message, where.module) from None


def _open(where: TokenKey) -> Any:
    pin = os.environ.get(PIN)
    if not pin:
        raise InputError("token", f"the token asks for a PIN: set {PIN}", where.token)
    return _session(where, pin, os.getpid())


def _find(where: TokenKey) -> Any:
    from pkcs11 import ObjectClass
    from pkcs11.exceptions import PKCS11Error

    try:
        return _open(where).get_key(object_class=ObjectClass.PRIVATE_KEY, label=where.key)
    except PKCS11Error as error:
        message = f"the token holds no private key {where.key} ({type(error).__name__}): make one with `seal request`"
        raise InputError("token", message, where.token) from None


def _sign(where: TokenKey, data: bytes, mechanism: str) -> bytes:
    from pkcs11 import Mechanism
    from pkcs11.exceptions import PKCS11Error

    with _LOCK:
        try:
            return bytes(_find(where).sign(data, mechanism=Mechanism[mechanism]))
        except PKCS11Error as error:
            message = f"the token did not sign ({type(error).__name__}): is it still plugged in?"
            raise InputError("token", message, where.token) from None


def generate(where: TokenKey, kind: str) -> PublicKey:
    """Make a key pair inside the token (ecdsa-p256, ecdsa-p384 or rsa-3072); a label that exists is refused."""
    import pkcs11
    from pkcs11.util import ec as ec_util
    from pkcs11.util import rsa as rsa_util

    session = _open(where)
    with _LOCK:
        if list(session.get_objects({pkcs11.Attribute.LABEL: where.key})):
            raise InputError("exists", f"the token holds a key {where.key} already: choose another label", where.token)
        if kind == "rsa-3072":
            public, _ = session.generate_keypair(pkcs11.KeyType.RSA, 3072, store=True, label=where.key)
            der = rsa_util.encode_rsa_public_key(public)
            return rsa_public(der)
        curve = {"ecdsa-p256": "secp256r1", "ecdsa-p384": "secp384r1"}[kind]
        named = {pkcs11.Attribute.EC_PARAMS: ec_util.encode_named_curve_parameters(curve)}
        parameters = session.create_domain_parameters(pkcs11.KeyType.EC, named, local=True)
        public, _ = parameters.generate_keypair(store=True, label=where.key)
        key = serialization.load_der_public_key(ec_util.encode_ec_public_key(public))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise InputError("token", "the token made a key of another kind", where.token)
    return key


def rsa_public(der: bytes) -> rsa.RSAPublicKey:
    """The key in a PKCS#1 RSAPublicKey."""
    from asn1crypto.keys import RSAPublicKey

    numbers = RSAPublicKey.load(der).native
    return rsa.RSAPublicNumbers(numbers["public_exponent"], numbers["modulus"]).public_key()


def private_key(where: TokenKey, public: PublicKey) -> TokenEcKey | TokenRsaKey:
    """The key as the signing code wants it. Whether it fits the public key shows with the first signature."""
    if isinstance(public, ec.EllipticCurvePublicKey):
        return TokenEcKey(where, public)
    return TokenRsaKey(where, public)


PKCS1v15 = padding.PKCS1v15


def _stays(*_: object, **__: object) -> NoReturn:
    raise InputError("token", "a key on a token cannot be read, which is its point", "key")


class TokenEcKey(ec.EllipticCurvePrivateKey):
    """An elliptic-curve key inside a token."""

    def __init__(self, where: TokenKey, public: ec.EllipticCurvePublicKey) -> None:
        self.where, self._public = where, public

    def sign(self, data: Any, signature_algorithm: Any) -> bytes:
        digest = hashes.Hash(signature_algorithm.algorithm)
        digest.update(bytes(data))
        raw = _sign(self.where, digest.finalize(), "ECDSA")
        half = len(raw) // 2
        return utils.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def __copy__(self) -> TokenEcKey:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> TokenEcKey:
        return self

    exchange = private_numbers = private_bytes = _stays


class TokenRsaKey(rsa.RSAPrivateKey):
    """An RSA key inside a token; signs with PKCS#1 v1.5 and SHA-256."""

    def __init__(self, where: TokenKey, public: rsa.RSAPublicKey) -> None:
        self.where, self._public = where, public

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:
        if not isinstance(padding, PKCS1v15) or not isinstance(algorithm, hashes.SHA256):
            raise InputError("suite_unknown", "a token signs RSA with PKCS#1 v1.5 and SHA-256 only", self.where.token)
        return _sign(self.where, bytes(data), "SHA256_RSA_PKCS")

    def public_key(self) -> rsa.RSAPublicKey:
        return self._public

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def __copy__(self) -> TokenRsaKey:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> TokenRsaKey:
        return self

    decrypt = private_numbers = private_bytes = _stays
