"""The set-up scripts, as far as they can be tried without setting anything up."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import time
from types import SimpleNamespace

import pytest

from scripts import chromium, docs, environment, shell, testing
from tests.house.repository import ROOT


def test_a_second_run_finds_the_first_ones_proof(tmp_path, monkeypatch):
    made = []
    venv = tmp_path / "venv"
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "works", lambda where: bool(made))
    monkeypatch.setattr(environment, "create", lambda where: made.append(where))
    monkeypatch.setattr(environment, "uv", lambda where, *words: made.append(words))
    environment.ensure("dev")
    first = len(made)
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "uv").touch()
    environment.ensure("dev")
    environment.ensure("platform")
    assert len(made) == first, "the development environment holds the platform's, so nothing is installed again"
    shell.write_stamp(venv / "quanheng.json", {"profile": "platform", "key": environment._key("platform")})
    environment.ensure("dev")
    assert len(made) > first, "the platform's environment lacks the tools of development"


def test_a_long_step_shows_that_it_is_alive(monkeypatch, capsys):
    monkeypatch.setattr(shell, "TOLD_EVERY", 0.05)
    with shell.Progress(2).step("browser assets"):
        time.sleep(0.2)
    said = capsys.readouterr().out
    assert said.startswith("[1/2] browser assets … ")
    assert said.count("s … ") >= 2


def test_a_python_without_ensurepip_and_pip_is_told_what_to_install(tmp_path, monkeypatch):
    def refuse(command, **kwargs):
        raise shell.Failed([str(word) for word in command], 1, "ensurepip is not available")

    monkeypatch.setattr(environment, "quiet", refuse)
    with pytest.raises(shell.Missing) as lacking:
        environment.create(tmp_path / "venv")
    assert f"python{sys.version_info[0]}.{sys.version_info[1]}-venv" in lacking.value.remedy


def test_a_python_without_ensurepip_is_filled_by_its_own_pip(tmp_path, monkeypatch):
    venv, ran = tmp_path / "venv", []

    def pretend(command, **kwargs):
        words = [str(word) for word in command]
        ran.append(words)
        if words[1:3] == ["-m", "venv"] and "--without-pip" not in words:
            raise shell.Failed(words, 1, "ensurepip is not available")
        (venv / "bin").mkdir(parents=True, exist_ok=True)
        if "--python" in words:
            (venv / "bin" / "uv").touch()
        return ""

    monkeypatch.setattr(environment, "quiet", pretend)
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    environment.create(venv)
    assert ran[-1][1:4] == ["-m", "pip", "--python"]


@pytest.mark.parametrize(
    ("listed", "variable", "value"),
    [
        ("global.index-url='file:///mirror/simple'", "UV_DEFAULT_INDEX", "file:///mirror/simple"),
        ("global.index-url='a'\n:env:.index-url='b'", "UV_DEFAULT_INDEX", "b"),
        ("global.cert='/etc/our-authority.pem'", "SSL_CERT_FILE", "/etc/our-authority.pem"),
        ("global.timeout='9'", "UV_DEFAULT_INDEX", None),
    ],
)
def test_what_pip_is_configured_with_is_handed_on_to_uv(tmp_path, monkeypatch, listed, variable, value):
    monkeypatch.setattr(environment, "quiet", lambda command, **kwargs: listed + "\n")
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert environment.uv_environment(tmp_path).get(variable) == value


def test_what_is_set_for_uv_itself_wins(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "quiet", lambda command, **kwargs: "global.index-url='file:///mirror/simple'\n")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "file:///own")
    assert environment.uv_environment(tmp_path)["UV_DEFAULT_INDEX"] == "file:///own"


def test_postgres_is_looked_for_where_it_is_named_and_passwords_are_not_shown(monkeypatch):
    monkeypatch.delenv("QUANHENG_TEST_POSTGRES", raising=False)
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGUSER", "meter")
    monkeypatch.setenv("PGPASSWORD", "se:cret")
    first = testing.candidates()[0]
    assert first == "postgresql://meter:se%3Acret@db.example:5432/quanheng"
    assert testing._shown(first) == "postgresql://meter@db.example:5432/quanheng"


def test_ci_without_postgres_fails_and_says_so(monkeypatch):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(testing, "find_postgres", lambda python: None)
    with pytest.raises(shell.Missing, match="no PostgreSQL server answers"):
        testing.suite(ROOT, None, marker="not long", extra=[])


class Drawn:
    """A pass in the browser that ends as told."""

    def __init__(self, code):
        self.wait, self.stop = (lambda: code), (lambda: None)


@pytest.fixture
def passes(monkeypatch):
    """The words of every pass by name; none is run, and each ends with the code that is set for it."""
    given, codes = {}, {}

    def run(python, words, env):
        name = "postgres" if "QUANHENG_DATABASE_URL" in env else "sqlite"
        given[name] = words
        return codes.get(name, 0)

    def draw(python, words, env):
        given["browser"] = words
        return Drawn(codes.get("browser", 0))

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(testing, "find_postgres", lambda python: "postgresql://u@h/n")
    monkeypatch.setattr(testing, "pytest", run)
    monkeypatch.setattr(testing, "pytest_aside", draw)
    return SimpleNamespace(given=given, codes=codes)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [([0, 0, 0], 0), ([1, 0, 0], 1), ([0, 1, 0], 1), ([0, 0, 1], 1), ([0, 0, 5], 0), ([5, 0, 0], 5), ([0, 5, 0], 5)],
)
def test_a_failure_of_any_pass_fails_the_run(passes, codes, expected):
    passes.codes.update(zip(("sqlite", "browser", "postgres"), codes, strict=True))
    assert testing.suite(ROOT, None, marker="not long", extra=[]) == expected
    assert set(passes.given) == {"sqlite", "browser", "postgres"}


def test_what_runs_aside_speaks_when_it_is_waited_for_and_ends_when_the_rest_is_broken_off(capfd):
    aside = shell.Aside([sys.executable, "-c", "print('drawn'); raise SystemExit(3)"])
    assert (aside.wait(), capfd.readouterr().out) == (3, "drawn\n")
    endless = shell.Aside([sys.executable, "-c", "import time; time.sleep(600)"])
    endless.stop()
    assert endless.wait() != 0


def test_processes_of_a_pass_keep_bytecode_and_one_thread_each_whatever_the_shell_forbids(monkeypatch):
    for name in ("PYTHONPYCACHEPREFIX", *testing.THREADS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("POLARS_MAX_THREADS", "3")
    env = testing.environment_for(None, None)
    code = "import sys, polars; print(sys.dont_write_bytecode, sys.pycache_prefix, polars.thread_pool_size())"
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", str(shell.TOOLS / "bytecode"), "3"]
    assert env["OPENBLAS_NUM_THREADS"] == "1"


def test_the_pass_of_the_browser_finds_every_file_that_drives_one(passes):
    testing.suite(ROOT, None, marker="not long", extra=[])
    drives = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*_browser.py")}
    assert drives
    assert drives | {"tests/browser"} == {word for word in passes.given["browser"] if word.startswith("tests/")}


def test_what_make_test_leaves_out_on_postgresql_make_test_long_asks(passes):
    testing.suite(ROOT, None, marker="not long", extra=[])
    assert passes.given["postgres"][1] == "not long and not browser and not postgres_long"
    testing.suite(ROOT, None, marker="long", extra=[])
    assert passes.given["postgres"][1] == "(long or postgres_long) and not browser"


def test_a_browser_that_does_not_start_is_named(monkeypatch):
    monkeypatch.setenv("QUANHENG_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(shell.Missing, match="does not start"):
        chromium.ensure()


def test_documents_fail_when_a_command_ends_otherwise_or_prints_otherwise(tmp_path):
    page = tmp_path / "page.md"
    env = {"PATH": "/bin:/usr/bin"}
    page.write_text("```console\n$ echo one two\none …\n$ false  # exits 1\n```\n```sh\nfalse\n```\n", "utf-8")
    assert docs.check_page(page, env) == []
    page.write_text("```console\n$ false\n$ echo one\ntwo\n```\n", "utf-8")
    wrong = docs.check_page(page, env)
    assert ["ended with 1, not 0" in wrong[0], "did not print 'two'" in wrong[1], len(wrong)] == [True, True, 2]


@pytest.mark.parametrize(
    ("block", "right"),
    [
        ("python run\nassert 1 + 1 == 2", True),
        ("python run\nassert 1 + 1 == 3", False),
        ("python\nfrom json import loads\nloads(undefined)", True),
        ("python\nfrom json import nothing_of_that_name", False),
        ("python\nload(name) -> Loaded", False),
        ("text\nload(name) -> Loaded", True),
    ],
)
def test_python_in_documents_is_run_or_at_least_parsed_and_its_imports_resolved(tmp_path, block, right):
    page = tmp_path / "page.md"
    page.write_text(f"```{block}\n```\n", "utf-8")
    assert (docs.check_page(page, {"PATH": "/bin:/usr/bin"}) == []) is right


def test_an_archive_cannot_write_outside_its_folder(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "brotli", SimpleNamespace())
    from scripts import unpack_chromium

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../escaped"), io.BytesIO(b""))
    with pytest.raises(SystemExit):
        unpack_chromium.unpack_tar(packed.getvalue(), tmp_path / "target")
    assert not (tmp_path / "escaped").exists()


def test_an_unknown_verb_is_refused_with_the_list_of_verbs():
    done = subprocess.run([sys.executable, "-m", "scripts", "dance"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "demo|test" in done.stderr
