"""Settings of the test suite: a data folder of its own, plain static files, no waiting."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

if "QUANHENG_TEST_DATA" not in os.environ:
    os.environ["QUANHENG_TEST_DATA"] = tempfile.mkdtemp(prefix="quanheng-test-")
os.environ["QUANHENG_DATA"] = str(
    Path(os.environ["QUANHENG_TEST_DATA"]) / os.environ.get("PYTEST_XDIST_WORKER", "main")
)

from quanheng.platform.project.settings import *  # noqa: F403
from quanheng.platform.project.settings import DATABASES, QUANHENG

if not QUANHENG.database_url:
    # A file, because threads share an in-memory database through a cache that locks tables.
    DATABASES["default"]["TEST"] = {"NAME": str(QUANHENG.data_dir / "test.sqlite3")}
STATIC_ROOT = QUANHENG.data_dir / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
