"""Unpacking ZIP files by counting real bytes rather than by what their headers claim."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Iterator

from quanheng.errors import InputError

_UTF8_NAME = 0x800


def entries(
    data: bytes, *, most_bytes: int, most_entries: int, called: str, most_each: int = 0
) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file inside; InputError for a bomb, a lock or damage, in words about ``called``.

    Of a file larger than ``most_each`` only so much and one byte more comes, for whoever reads it to refuse.
    """
    left = most_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > most_entries:
                raise InputError(
                    "unsafe_file", f"{called} has more than {most_entries} parts; make it anew or split it"
                )
            for info in archive.infolist():
                if info.is_dir():
                    continue
                honest = copy.copy(info)
                honest.file_size = left + 2  # not reached: its end would be taken for a damaged one
                with archive.open(honest) as entry:
                    content = entry.read(min(left, most_each or left) + 1)
                left -= len(content)
                if left < 0:
                    raise InputError("unsafe_file", f"{called} unpacks to more than is safe; split it")
                yield _name(info), content
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputError("unreadable", f"{called} is damaged or locked; save it anew without a password") from error
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise InputError("unreadable", f"{called} is damaged; save it anew") from error
        raise


def _name(info: zipfile.ZipInfo) -> str:
    """The name as its writer meant it: Chinese systems write GBK where the format says CP437."""
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return info.filename
