"""The one typed loader of settings: environment first, then DATA/config.toml, then defaults."""

from __future__ import annotations

import os
import secrets
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from quanheng.errors import InputError
from quanheng.evidence.signing.suite import suite_named


@dataclass(frozen=True)
class Config:
    """Everything an operator may set. Times in seconds."""

    data_dir: Path
    base_url: str = "http://127.0.0.1:8000"
    database_url: str = ""
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    idle_seconds: int = 1800
    absolute_seconds: int = 43200
    email_url: str = ""
    email_from: str = "quanheng@localhost"
    region: str = ""
    secure: bool = False
    trusted_proxies: int = 0
    invitation_days: int = 7
    log_level: str = "INFO"
    seal_suite: str = "ecdsa-p256"
    seal_passphrase: str = field(default="", repr=False)

    @property
    def keys_dir(self) -> Path:
        """Secrets and keys, readable by the owner alone."""
        return self.data_dir / "keys"

    @property
    def blobs_dir(self) -> Path:
        """Documents as issued and files as uploaded, named by their SHA-256."""
        return self.data_dir / "blobs"

    @property
    def log_dir(self) -> Path:
        """The public append-only log: static files any web server can serve."""
        return self.data_dir / "log"


def _file(data_dir: Path) -> dict[str, object]:
    path = data_dir / "config.toml"
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("config", f"config.toml cannot be read: {error}; mend or remove it", str(path)) from error


def _yes(text: str) -> bool:
    return text.lower() in {"1", "true", "yes", "on"}


def load() -> Config:
    """Read the configuration; the data folder comes from QUANHENG_DATA (default ``./data``)."""
    data_dir = Path(os.environ.get("QUANHENG_DATA", "data")).expanduser().resolve()
    values = _file(data_dir)

    def text(name: str, default: str) -> str:
        return os.environ.get(f"QUANHENG_{name.upper()}", str(values.get(name, default)))

    def number(name: str, default: int) -> int:
        raw = text(name, str(default))
        if not raw.isdigit():
            raise InputError("config", f"{name} must be a whole number, not {raw!r}", name)
        return int(raw)

    known = {f.name for f in fields(Config)} - {"seal_passphrase"}  # never in a file beside the keys
    unknown = sorted(set(values) - known)
    if unknown:
        raise InputError(
            "config", f"config.toml has unknown names {unknown}; correct or remove them", str(data_dir / "config.toml")
        )
    base_url = text("base_url", Config.base_url).rstrip("/")
    hosts = values.get("allowed_hosts", Config.allowed_hosts)
    if os.environ.get("QUANHENG_ALLOWED_HOSTS"):
        hosts = os.environ["QUANHENG_ALLOWED_HOSTS"].split(",")
    return Config(
        data_dir=data_dir,
        base_url=base_url,
        database_url=text("database_url", ""),
        allowed_hosts=_hosts(hosts, base_url),
        idle_seconds=number("idle_seconds", Config.idle_seconds),
        absolute_seconds=number("absolute_seconds", Config.absolute_seconds),
        email_url=text("email_url", ""),
        email_from=text("email_from", Config.email_from),
        region=text("region", ""),
        secure=_yes(text("secure", "")) or base_url.startswith("https://"),
        trusted_proxies=number("trusted_proxies", Config.trusted_proxies),
        invitation_days=number("invitation_days", Config.invitation_days),
        log_level=text("log_level", Config.log_level).upper(),
        seal_suite=suite_named(text("seal_suite", Config.seal_suite), place="seal_suite").name,
        seal_passphrase=os.environ.get("QUANHENG_SEAL_PASSPHRASE", ""),
    )


def _hosts(hosts: object, base_url: str) -> tuple[str, ...]:
    named = [str(h).strip() for h in hosts] if isinstance(hosts, (list, tuple)) else [str(hosts)]
    return tuple(dict.fromkeys([*named, urlsplit(base_url).hostname or "localhost"]))


def email(config: Config) -> dict[str, object]:
    """Django's mail settings from ``smtp[s]://user:password@host:port``; without one, mail is kept in DATA/mail."""
    if not config.email_url:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(config.data_dir / "mail"),
        }
    url = urlsplit(config.email_url)
    if url.scheme not in {"smtp", "smtps"}:
        raise InputError("config", "email_url must begin with smtp:// or smtps://", "email_url")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname or "localhost",
        "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }


def secret(config: Config, name: str) -> str:
    """A generated secret kept in DATA/keys with mode 0600; made on first use, never printed."""
    path = config.keys_dir / name
    if path.is_file():
        return path.read_text("ascii").strip()
    config.keys_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    value = secrets.token_urlsafe(50)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    with os.fdopen(handle, "w") as out:
        out.write(value)
    return value


def database(config: Config) -> dict[str, object]:
    """Django's description of the database: SQLite in the data folder, or PostgreSQL by URL."""
    if not config.database_url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(config.data_dir / "quanheng.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                " PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
            },
        }
    url = urlsplit(config.database_url)
    if url.scheme not in {"postgresql", "postgres"}:
        raise InputError("config", "database_url must begin with postgresql://", "database_url")
    options: dict[str, object] = {k: v[-1] for k, v in parse_qs(url.query).items()}
    # Pages of lists over millions of rows: compiling a query costs more than it saves, and a bitmap has to fit.
    options.setdefault("options", "-c jit=off -c work_mem=32MB")
    pool = int(str(options.pop("pool", 8)))
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")) or "quanheng",
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }
