"""Unpack the brotli files of @sparticuz/chromium. Runs in the tools' environment (brotli)."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path, PurePosixPath

import brotli


def unpack_tar(data: bytes, target: Path) -> None:
    """Plain files and folders only, and none outside the target."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            if name.is_absolute() or ".." in name.parts:
                raise SystemExit(f"{member.name}: an archive member that leaves its folder")
            if member.isfile():
                content = archive.extractfile(member)
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read() if content else b"")
                path.chmod(0o755 if member.mode & 0o100 else 0o644)
            elif member.issym() and ".." not in PurePosixPath(member.linkname).parts and member.linkname[:1] != "/":
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(member.linkname)


def main(source: Path, target: Path) -> None:
    """``unpack_chromium.py BIN-FOLDER TARGET``"""
    target.mkdir(parents=True)
    for packed in sorted(source.glob("*.br")):
        data = brotli.decompress(packed.read_bytes())
        name = packed.name.removesuffix(".br")
        if name.endswith(".tar"):
            folder = target if name == "swiftshader.tar" else target / name.removesuffix(".tar")
            unpack_tar(data, folder)
        else:
            (target / name).write_bytes(data)
            (target / name).chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
