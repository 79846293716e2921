"""Every hostile file of the list ends in one clear line and the right exit code, soon, and in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from tests.fuzz.seeds import DCC, pdf_with

MB = 1024 * 1024
LAUGHS = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY a0 'ha'>{}]><a>&a30;</a>".format(
    "".join(f"<!ENTITY a{n} '&a{n - 1};&a{n - 1};'>" for n in range(1, 31))
)
EXTERNAL = "<!DOCTYPE a [<!ENTITY x SYSTEM '{}'>]><a>&x;</a>"
GOOD = DCC.encode()


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(MB)) for _ in range(size // MB)) + packer.flush()


def twice_packed() -> bytes:
    """300 MB of zeros in a kilobyte, by two filters over each other."""
    inner = zlib.compress(bomb(300 * MB), 9)
    return pdf_with(b"").replace(
        b"/Filter/FlateDecode/Length %d>>stream\n%s" % (len(zlib.compress(b"", 9)), zlib.compress(b"", 9)),
        b"/Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%s" % (len(inner), inner),
    )


def packed_once() -> bytes:
    raw = bomb(300 * MB)
    empty = zlib.compress(b"", 9)
    return pdf_with(b"").replace(
        b"/Length %d>>stream\n%s" % (len(empty), empty), b"/Length %d>>stream\n%s" % (len(raw), raw)
    )


UNSAFE = {
    "entity bomb": LAUGHS.encode(),
    "entity bomb in UTF-16": LAUGHS.encode("utf-16"),
    "quadratic blow-up": b"<!DOCTYPE a [<!ENTITY x '%s'>]><a>%s</a>" % (b"y" * 50_000, b"&x;" * 50_000),
    "external file": EXTERNAL.format("file:///etc/passwd").encode(),
    "external address": EXTERNAL.format("http://127.0.0.1:9/x").encode(),
    "parameter entity": b"<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/x'> %x;]><a/>",
    "remote DTD": b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/x.dtd'><a/>",
    "deep nesting": b"<a>" * 200_000 + b"</a>" * 200_000,
    "deep nesting without an end": b"<a>" * 1_000_000,
    "two million elements": b"<a>" + b"<b/>" * 2_000_000 + b"</a>",
    "200 MB": b"<a>" + b" " * (200 * MB) + b"</a>",
    "not XML at all": b"\x00\x01\x02",
    "an empty file": b"",
}
PDFS = {"a zip bomb in the attachment": packed_once, "a zip bomb in a zip bomb": twice_packed}
DAMAGED = {
    "invalid UTF-8": GOOD.replace("秤".encode(), b"\xff\xfe\xc3"),
    "truncated": GOOD[: len(GOOD) // 2],
    "a doubled attribute": GOOD.replace(b'id="i1"', b'id="i1" id="i2"'),
}
WRONG = {
    "duplicate ids": GOOD.replace(b"<dcc:quantity><si:real>", b'<dcc:quantity id="i1"><si:real>'),
    "a date that is none": GOOD.replace(b"2026-01-02", b"2026-02-30"),
    "an end before the beginning": GOOD.replace(b"2026-01-02", b"2025-12-31"),
    "a year beyond the calendar": GOOD.replace(b"2026-01-02", b"99999-01-01"),
    "truncated base64": GOOD.replace(
        b"</dcc:digitalCal",
        b"<dcc:document><dcc:fileName>a</dcc:fileName><dcc:mimeType>application/pdf</dcc:mimeType>"
        b"<dcc:dataBase64>QUJ</dcc:dataBase64></dcc:document></dcc:digitalCal",
    ),
}
DRIVER = """
import contextlib, io, json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1600 * 1024 * 1024,) * 2)
from quanheng.cli.main import main
from quanheng.evidence.verify import main as verify

def hook(event, args):
    if event.startswith("socket."):
        raise RuntimeError(event)

sys.addaudithook(hook)
for line in sys.stdin:
    words = json.loads(line)
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = verify(words[1:]) if words[0] == "verify" else main(words)
    out.flush()
    said = out.buffer.getvalue().decode()
    print(json.dumps([code, err.getvalue().splitlines(), said[:2000]]), flush=True)
"""


@pytest.fixture(scope="module")
def run():
    """Runs commands in a process that may take 1.6 GB of memory at most and opens no socket."""
    env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    )

    def command(*words: object) -> tuple[int, list[str], str]:
        begun = time.monotonic()
        process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        process.stdin.flush()
        code, complaints, said = json.loads(process.stdout.readline() or "null") or ("died", [], "")
        assert time.monotonic() - begun < 60
        return code, complaints, said

    yield command
    process.communicate("", timeout=30)


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_file_is_refused_in_one_line(name, tmp_path, run):
    path = tmp_path / "file.xml"
    path.write_bytes(UNSAFE[name])
    for words in (["dcc", "validate", path, "--json"], ["verify", path]):
        code, complaints, said = run(*words)
        assert (code, len(complaints), said) == (2, 1, ""), words
        assert "root:" not in complaints[0]


@pytest.mark.parametrize("name", PDFS)
def test_a_pdf_that_unpacks_without_end_is_refused(name, tmp_path, run):
    path = tmp_path / "file.pdf"
    path.write_bytes(PDFS[name]())
    assert path.stat().st_size < 2 * MB
    code, complaints, said = run("verify", path)
    assert (code, len(complaints), said) == (2, 1, "")
    assert complaints[0].startswith("pdf: ")


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_shown_as_far_as_it_goes_but_never_passes(name, tmp_path, run):
    path = tmp_path / "file.xml"
    path.write_bytes(DAMAGED[name])
    for verb in ("validate", "verify"):
        code, complaints, _ = run("dcc", verb, path, "--json")
        assert (code, len(complaints)) in {(1, 0), (2, 1)}, verb
    assert run("verify", path)[0] == 2


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_a_finding_and_no_traceback(name, tmp_path, run):
    path = tmp_path / "file.xml"
    assert WRONG[name] != GOOD
    path.write_bytes(WRONG[name])
    code, complaints, said = run("dcc", "validate", path, "--json", "--fail-on", "warning")
    assert (code, complaints) == (1, [])
    assert said
    code, complaints, _ = run("dcc", "show", path)
    assert (code, complaints) == (0, [])


def test_a_device_without_end_is_not_read_to_its_end(tmp_path, run):
    endless = tmp_path / "endless.xml"
    endless.symlink_to("/dev/zero")
    for words in (["dcc", "show", endless], ["verify", endless]):
        code, complaints, _ = run(*words)
        assert (code, len(complaints)) == (2, 1)
