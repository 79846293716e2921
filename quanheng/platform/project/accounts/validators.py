"""Passwords that a stranger would try first are refused: patterns of the keyboard and of the trade, and leaked ones."""

from __future__ import annotations

import hashlib
import mmap
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Whole passwords made of these and of digits are on every guesser's list.
_STEMS = frozenset(
    [
        "password",
        "passw0rd",
        "admin",
        "administrator",
        "root",
        "user",
        "test",
        "guest",
        "welcome",
        "letmein",
        "changeme",
        "default",
        "qwerty",
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "qazwsx",
        "iloveyou",
        "woaini",
        "wodemima",
        "mima",
        "abc",
        "abcd",
        "abcdef",
        "quanheng",
        "jiliang",
        "jianding",
        "shichang",
        "jianguan",
        "china",
        "beijing",
        "huawei",
    ]
)
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_RUN = re.compile(r"(.)\1{3,}")
_SEQUENCES = (
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)


class GuessableValidator:
    """Refuses keyboard walks, repetitions and the words everybody uses with a year behind them."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise where the password is easy to guess."""
        lower = password.lower()
        bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", lower).translate(_LEET)
        letters = re.sub(r"[^a-z]", "", lower)
        runs = sum(len(m.group(0)) for m in _RUN.finditer(lower))
        walk = max((self._walk(lower, s) for s in _SEQUENCES), default=0)
        if (
            letters in _STEMS
            or bare in _STEMS
            or runs * 2 >= len(lower)
            or walk * 2 >= len(lower)
            or len(set(lower)) < 5
        ):
            raise ValidationError(_("这个密码太容易被猜到,请换一个,例如几个不相关的词"), code="password_guessable")

    @staticmethod
    def _walk(text: str, sequence: str) -> int:
        """Length of the longest piece of the sequence (six or more) that stands in the text."""
        return max(
            (n for n in range(6, len(text) + 1) for i in range(len(text) - n + 1) if text[i : i + n] in sequence),
            default=0,
        )

    def get_help_text(self) -> str:
        """Shown beside the field."""
        return _("不要使用键盘顺序、重复字符或常见词加年份。")


class BreachedValidator:
    """Refuses passwords in DATA/breached-sha1.txt, if the operator put one there: sorted lines ``SHA1[:count]``."""

    def __init__(self, path: str | None = None) -> None:
        self.path = Path(path) if path else settings.QUANHENG.data_dir / "breached-sha1.txt"

    def validate(self, password: str, user: Any = None) -> None:
        """Raise where the password has leaked."""
        if self.path.is_file() and self.path.stat().st_size and self._listed(password):
            raise ValidationError(_("这个密码出现在已泄露的密码名单中,请换一个"), code="password_breached")

    def _listed(self, password: str) -> bool:
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            low, high = 0, len(data)
            while low < high:
                middle = (low + high) // 2
                start = data.rfind(b"\n", 0, middle) + 1
                end = data.find(b"\n", start)
                end = len(data) if end < 0 else end
                line = data[start:end].strip().upper()[:40]
                if line == wanted:
                    return True
                if line < wanted:
                    low = end + 1
                else:
                    high = start
        return False

    def get_help_text(self) -> str:
        """Nothing to add."""
        return ""
