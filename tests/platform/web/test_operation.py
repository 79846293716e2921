"""Health, metrics, error pages, logs, configuration, rates of public pages."""

from __future__ import annotations

import io
import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.utils import translation

from quanheng.errors import InputError
from quanheng.platform.project import config, errors, health
from quanheng.platform.project.logs import JsonFormatter
from quanheng.platform.project.urls import urlpatterns as product
from quanheng.platform.web.ratelimit import client as client_of
from quanheng.platform.web.ratelimit import public_page
from tests.platform.cast import Cast


@public_page("test", limit=3)
def limited(request: HttpRequest) -> HttpResponse:
    """A page of the test."""
    return HttpResponse("fine")


@public_page("boom")
def broken(request: HttpRequest) -> HttpResponse:
    """A page that fails on a secret."""
    raise RuntimeError("secret of 张三")


urlpatterns = [path("limited/", limited), path("broken/", broken), *product]
handler400, handler403 = errors.bad_request, errors.permission_denied
handler404, handler500 = errors.not_found, errors.server_error


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    """Rates of one test do not count in the next."""
    caches["memory"].clear()


@pytest.fixture
def chinese() -> Iterator[None]:
    """What a request chose does not last into the next test."""
    with translation.override("zh-hans"):
        yield


@pytest.mark.django_db
def test_the_product_says_that_it_lives_and_is_ready(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "checks": {"database": "ok", "keys": "ok"}}


@pytest.mark.django_db
def test_what_is_not_ready_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_database", lambda: "3 migrations wait: run `quanheng migrate`")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "migrate" in answer.json()["checks"]["database"]


@pytest.mark.django_db
def test_metrics_are_for_this_machine_or_a_token_and_name_routes_not_records(client: Client, cast: Cast) -> None:
    client.force_login(cast.manager)
    client.get(f"/administration/people/{cast.checker.pk}/")
    text = client.get("/metrics").content.decode()
    assert 'route="administration/people/<uuid:user_id>/"' in text
    assert str(cast.checker.pk) not in text
    assert "quanheng_jobs_waiting 0" in text
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.1.2.3"}).status_code == 403
    token = config.secret(settings.QUANHENG, "metrics-token")
    assert (
        client.get("/metrics", REMOTE_ADDR="10.1.2.3", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    )
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3", headers={"Authorization": "Bearer "}).status_code == 403


@pytest.mark.django_db
def test_an_unknown_address_answers_in_both_languages_with_an_id(client: Client) -> None:
    answer = client.get("/nowhere/")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "没有找到" in page
    assert "Not found" in page
    assert answer["X-Request-ID"] in page


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_failure_shows_an_id_and_logs_no_personal_data(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    for name in ("django", "django.request", "quanheng"):
        handler = logging.StreamHandler(written)
        handler.setFormatter(JsonFormatter())
        monkeypatch.setattr(logging.getLogger(name), "handlers", [handler])
    client = Client(raise_request_exception=False)
    answer = client.get("/broken/?name=张三")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "系统出错" in page
    assert "Something broke" in page
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    failed = next(line for line in lines if line.get("error") == "RuntimeError")
    assert failed["request_id"] in page
    assert any("broken" in place for place in failed["places"])
    assert "张三" not in json.dumps(lines, ensure_ascii=False)


@pytest.mark.django_db
def test_a_form_without_its_token_is_told_in_words(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/accounts/login/", {"login": "a", "password": "b"})
    assert answer.status_code == 403
    assert "页面已过期" in answer.content.decode()


@pytest.mark.django_db
def test_a_refusal_shows_the_reason_of_the_policy(cast: Cast, client: Client) -> None:
    client.force_login(cast.verifier)
    assert "只有管理员可以维护机构和人员" in client.get("/administration/people/").content.decode()


def test_a_line_of_log_is_json_without_the_values_of_foreign_messages() -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "f", 1, "Not Found: %s", ("/v/secret-code/",), None)
    line = json.loads(JsonFormatter().format(record))
    assert line["message"] == "Not Found: %s"
    assert "secret" not in json.dumps(line)
    ours = logging.LogRecord("quanheng.jobs", logging.INFO, "f", 1, "sealed %d", (3,), None)
    assert json.loads(JsonFormatter().format(ours))["message"] == "sealed 3"


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_public_page_is_limited_per_client(client: Client) -> None:
    assert [client.get("/limited/").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert int(client.get("/limited/")["Retry-After"]) <= 60
    assert client.get("/limited/", REMOTE_ADDR="10.9.9.9").status_code == 200


@override_settings(TRUSTED_PROXIES=0)
def test_a_client_cannot_choose_its_own_address() -> None:
    make = RequestFactory().get
    plain = client_of(make("/", REMOTE_ADDR="10.0.0.1"))
    assert client_of(make("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "1.2.3.4"})) == plain
    with override_settings(TRUSTED_PROXIES=1):
        one = client_of(make("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "6.6.6.6, 1.2.3.4"}))
        two = client_of(make("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "7.7.7.7, 1.2.3.4"}))
    assert one == two
    assert "1.2.3.4" not in one


def load(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str = "", **env: str) -> config.Config:
    """The configuration of a folder."""
    (folder / "config.toml").write_text(text, "utf-8")
    monkeypatch.setenv("QUANHENG_DATA", str(folder))
    for name in ("BASE_URL", "DATABASE_URL", "SECURE", "IDLE_SECONDS", "ALLOWED_HOSTS"):
        monkeypatch.delenv(f"QUANHENG_{name}", raising=False)
    for name, value in env.items():
        monkeypatch.setenv(f"QUANHENG_{name}", value)
    return config.load()


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = load(monkeypatch, tmp_path, 'idle_seconds = 600\nbase_url = "https://cal.example.cn/"')
    assert (found.idle_seconds, found.base_url, found.secure) == (600, "https://cal.example.cn", True)
    assert "cal.example.cn" in found.allowed_hosts
    assert load(monkeypatch, tmp_path, "idle_seconds = 600", IDLE_SECONDS="60").idle_seconds == 60


@pytest.mark.parametrize(
    "text", ["idle_seconds = 'soon'", "idel_seconds = 600", "= nonsense", 'invitation_days = "-1"']
)
def test_a_wrong_configuration_is_one_error_with_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    with pytest.raises(InputError) as caught:
        load(monkeypatch, tmp_path, text)
    assert caught.value.code == "config"
    assert caught.value.place


def test_a_secret_is_made_once_and_readable_by_the_owner_alone(tmp_path: Path) -> None:
    made = config.secret(config.Config(data_dir=tmp_path), "test")
    path = tmp_path / "keys" / "test"
    assert config.secret(config.Config(data_dir=tmp_path), "test") == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(made) > 40


def test_the_databases_are_described_with_their_traps_closed(tmp_path: Path) -> None:
    sqlite = config.database(config.Config(data_dir=tmp_path))["OPTIONS"]
    assert isinstance(sqlite, dict)
    assert sqlite["transaction_mode"] == "IMMEDIATE"
    assert "foreign_keys=ON" in sqlite["init_command"]
    postgres = config.database(config.Config(data_dir=tmp_path, database_url="postgresql://u:p%40@h:5433/db?pool=4"))
    assert (postgres["PASSWORD"], postgres["PORT"], postgres["NAME"]) == ("p@", "5433", "db")
    assert isinstance(postgres["OPTIONS"], dict)
    assert "work_mem" in postgres["OPTIONS"]["options"]
    assert postgres["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 4, "timeout": 10}
    with pytest.raises(InputError):
        config.database(config.Config(data_dir=tmp_path, database_url="mysql://x"))


def test_mail_is_kept_in_the_folder_unless_a_server_is_named(tmp_path: Path) -> None:
    assert str(tmp_path) in str(config.email(config.Config(data_dir=tmp_path))["EMAIL_FILE_PATH"])
    smtp = config.email(config.Config(data_dir=tmp_path, email_url="smtps://u:p@mail.example:465"))
    assert (smtp["EMAIL_HOST"], smtp["EMAIL_PORT"], smtp["EMAIL_USE_SSL"]) == ("mail.example", 465, True)


@pytest.mark.django_db
def test_the_language_follows_the_address_and_is_remembered(client: Client, chinese: None) -> None:
    assert '<html lang="en">' in client.get("/?lang=en").content.decode()
    assert '<html lang="en">' in client.get("/").content.decode()
    assert '<html lang="zh-Hans">' in client.get("/?lang=zh-hans").content.decode()
    assert client.get("/?lang=xx").status_code == 200
