"""Running commands, telling progress, and naming what is missing together with its remedy."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
TOLD_EVERY = 10.0  # seconds between signs of life in a long step


class Missing(Exception):
    """Something the machine lacks; ``remedy`` says what a person can do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


class Failed(Exception):
    """A command ended badly; ``tail`` is the end of what it printed."""

    def __init__(self, command: Sequence[str], code: int, tail: str) -> None:
        super().__init__(f"`{' '.join(command)}` ended with code {code}")
        self.tail = tail


class Progress:
    """Numbered steps, each with its time: ``[1/4] environment …  3.1 s``."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.done += 1
        print(f"[{self.done}/{self.total}] {name} … ", end="", flush=True)
        start, ended = time.monotonic(), threading.Event()
        telling = threading.Thread(target=self._tell, args=(start, ended), daemon=True)
        telling.start()
        try:
            yield
        except BaseException:
            print("failed", flush=True)
            raise
        finally:
            ended.set()
            telling.join()
        print(f" {time.monotonic() - start:.1f} s", flush=True)

    @staticmethod
    def _tell(start: float, ended: threading.Event) -> None:
        """A long step is told to be alive; nobody waits two minutes before a silent line."""
        while not ended.wait(TOLD_EVERY):
            print(f"{time.monotonic() - start:.0f} s … ", end="", flush=True)


def quiet(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> str:
    """Run a set-up command silently; show the end of its output only when it fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        raise Failed(words, 127, str(error)) from error
    text = done.stdout.decode(errors="replace")
    if done.returncode:
        raise Failed(words, done.returncode, "\n".join(text.splitlines()[-25:]))
    return text


def loud(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> int:
    """Run a command whose output is the point, and hand back its exit code."""
    sys.stdout.flush()
    return subprocess.run([str(word) for word in command], cwd=ROOT, env=env).returncode


class Aside:
    """A command that runs beside others; what it printed is shown when it is waited for."""

    def __init__(self, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> None:
        words = [str(word) for word in command]
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it was shown)
        self._process = subprocess.Popen(
            words, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=self._said, stderr=subprocess.STDOUT
        )

    def wait(self) -> int:
        """Its exit code, after it ended and its words were printed."""
        code = self._process.wait()
        self._said.seek(0)
        print(self._said.read().decode(errors="replace"), end="", flush=True)
        self._said.close()
        return code

    def stop(self) -> None:
        """End it where what it ran beside was broken off."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def fingerprint(*parts: str | Path) -> str:
    """One hash over files (their bytes) and words (themselves)."""
    total = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part.encode()
        total.update(hashlib.sha256(data).digest())
    return total.hexdigest()


def read_stamp(path: Path) -> dict[str, object]:
    """What an earlier run left as proof of its work; empty when there is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_stamp(path: Path, content: Mapping[str, object]) -> None:
    """Leave the proof, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(dict(content), indent=1) + "\n", "utf-8")
    os.replace(draft, path)
