"""The keys of this installation: the log's Ed25519 key and the seals of institutes. Generated, never printed."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate
from django.conf import settings

from quanheng.errors import InputError
from quanheng.evidence.ledger import Signer, Verifier, load_or_create_signer
from quanheng.evidence.ledger.policy import Policy
from quanheng.evidence.ledger.rotation import KEY as LOG_KEY
from quanheng.evidence.ledger.rotation import retired
from quanheng.evidence.signing.authority import Authority, Seal
from quanheng.evidence.signing.authority import organisation as named_in
from quanheng.evidence.signing.suite import Suite, suite_named
from quanheng.evidence.verify.keys import Keys, read_keys, write_keys
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import Organisation

AUTHORITY = "authority"
AUTHORITY_NAME = "Quanheng Seal Authority"
SEALS = "seal"
WITNESSES = "witnesses"
ACCEPTED = "accepted"


def log_origin() -> str:
    """The log's name: the address under which its files are served, without the scheme."""
    url = urlsplit(settings.QUANHENG.base_url)
    return f"{url.netloc}{url.path}/log"


@lru_cache(maxsize=8)
def _signer(path: Path, origin: str) -> Signer:
    return load_or_create_signer(path, origin)


def _log_begun() -> bool:
    """Whether something was signed here already: from then on a missing key is lost, not still to be made."""
    return bool((settings.QUANHENG.log_dir / "checkpoint").exists())


def log_signer() -> Signer:
    """The key that signs checkpoints and status notes; its name is fixed when it is made.

    Where a log is there already, a new key would be a stranger to everybody who trusts it: none is made.
    """
    path = settings.QUANHENG.keys_dir / LOG_KEY
    if not path.exists() and _log_begun():
        raise InputError(
            "log_key_missing", "the key of the log is gone; restore DATA/keys/log.ed25519 from a backup", LOG_KEY
        )
    return _signer(settings.QUANHENG.keys_dir / LOG_KEY, log_origin())


def log_verifiers() -> tuple[Verifier, ...]:
    """Every key that ever signed for this log, the present one first."""
    return (log_signer().verifier, *retired(settings.QUANHENG.keys_dir))


def witness_policy() -> Policy:
    """The witnesses this office asks to cosign: C2SP tlog-policy lines in DATA/keys/witnesses, if there are any."""
    path = settings.QUANHENG.keys_dir / WITNESSES
    return read_keys(path.read_bytes(), place=WITNESSES).policy if path.is_file() else Policy()


@contextmanager
def _made_whole(folder: Path) -> Iterator[Path | None]:
    """A new folder to fill, put in place when it is complete; None where somebody else made it already."""
    keys: Path = settings.QUANHENG.keys_dir
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(keys / ".lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            yield None
            return
        fresh = keys / ".new"
        shutil.rmtree(fresh, ignore_errors=True)
        yield fresh
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh.rename(folder)


def authority() -> Authority:
    """The root that vouches for the seals of this installation; made on first use.

    An office with seals of a public authority puts each into DATA/keys/seal/<id> and the authority's certificate
    into DATA/keys/anchors/*.pem instead.
    """
    folder = settings.QUANHENG.keys_dir / AUTHORITY
    if not folder.exists() and _log_begun():
        raise InputError(
            "authority_missing", "the root of the seals is gone; restore DATA/keys/authority from a backup", AUTHORITY
        )
    with _made_whole(folder) as fresh:
        if fresh is not None:
            Authority.create(fresh, AUTHORITY_NAME, at=clock.now(), passphrase=_passphrase(), suite=_suite())
    return Authority.load(folder, _passphrase())


def _passphrase() -> bytes | None:
    """What seal keys are encrypted under, from the environment alone."""
    return settings.QUANHENG.seal_passphrase.encode() or None


def _suite() -> Suite:
    """The suite that new keys are made for; what exists keeps its own."""
    return suite_named(settings.QUANHENG.seal_suite, place="seal_suite")


@lru_cache(maxsize=256)
def _seal(folder: Path) -> Seal:
    return Seal.load(folder, _passphrase())


def seal_of(organisation: Organisation) -> Seal:
    """The organisation's seal, renewed by putting a new one in its folder."""
    folder = settings.QUANHENG.keys_dir / SEALS / organisation.pk.hex
    if not folder.exists():
        root = authority()
        with _made_whole(folder) as fresh:
            if fresh is not None:
                code = organisation.credit_code or None
                root.issue_seal(
                    fresh,
                    organisation.name,
                    at=clock.now(),
                    credit_code=code,
                    passphrase=_passphrase(),
                    suite=_suite(),
                )
    return _seal(folder)


def ensure_keys(organisations: Iterable[Organisation] = ()) -> None:
    """Make the log's key, the seal authority and the seals of these institutes where they are missing.

    A seal is good from the moment of its making, so this comes before the first document is dated.
    """
    log_signer()
    authority()
    for organisation in organisations:
        seal_of(organisation)


def anchors() -> list[str]:
    """PEM certificates that a stranger must trust to check our seals."""
    root = settings.QUANHENG.keys_dir / AUTHORITY / "root.pem"
    return [path.read_text("ascii") for path in (root, *_files_in("anchors"))]


def _files_in(name: str) -> list[Path]:
    """The certificates of one folder of the keys, in order; none where there is no such folder."""
    return sorted((settings.QUANHENG.keys_dir / name).glob("*.pem"))


@dataclass(frozen=True)
class Root:
    """A root this office accepts certificates under; without a certificate, why its file cannot be used."""

    file: str
    own: bool
    certificate: Certificate | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """Whom it names."""
        return named_in(self.certificate) if self.certificate is not None else ""

    @property
    def sha256(self) -> str:
        """What to compare with its owner over the telephone."""
        return self.certificate.fingerprint(SHA256()).hex() if self.certificate is not None else ""

    def expired(self) -> bool:
        """Whether it can vouch for nothing signed from now on."""
        return self.certificate is not None and self.certificate.not_valid_after_utc < clock.now()


def accepted_roots() -> list[Root]:
    """Every root under which a certificate counts as proven here, our own first."""
    found = [Root("KEYS", True, anchor) for anchor in read_keys(keys_text().encode(), place="KEYS").anchors]
    for path in _files_in(ACCEPTED):
        name = f"{ACCEPTED}/{path.name}"
        try:
            inside = read_keys(path.read_bytes(), place=name).anchors
            found += [Root(name, False, anchor) for anchor in inside]
            found += [] if inside else [Root(name, False, problem="the file holds no certificate")]
        except InputError as error:
            found.append(Root(name, False, problem=error.message))
    return found


def accepted_anchors() -> tuple[Certificate, ...]:
    """Anchors of institutes elsewhere whose certificates this office accepts: DATA/keys/accepted/*.pem, and our own."""
    others = [path.read_bytes() for path in _files_in(ACCEPTED)]
    found = [read_keys(text, place="accepted").anchors for text in (keys_text().encode(), *others)]
    return tuple(dict.fromkeys(anchor for anchors in found for anchor in anchors))


def keys_text() -> str:
    """The text of KEYS: trust anchors of the seals, then the log's verifier line."""
    ensure_keys()
    head = "# Trust anchors of the seals and the keys of the public log. Keep this file; check it out of band.\n"
    pems = "".join(f"{pem.strip()}\n" for pem in anchors())
    return head + pems + write_keys(Keys((), log_verifiers(), witness_policy()))


def keys_file() -> str:
    """Write DATA/KEYS and return its path."""
    path = Path(settings.QUANHENG.data_dir) / "KEYS"
    text = keys_text()
    if not path.exists() or path.read_text("utf-8") != text:
        fresh = path.with_name(".KEYS.new")
        fresh.write_text(text, "utf-8")
        fresh.replace(path)
    return str(path)
