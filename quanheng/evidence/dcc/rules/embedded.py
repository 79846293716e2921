"""What a certificate carries along: files, hashes, claims of a seal, text that was damaged on the way."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from lxml import etree

from quanheng.evidence.dcc import codes, names
from quanheng.evidence.dcc.rules.finding import Finding, finding
from quanheng.evidence.dcc.tree import Tree
from quanheng.evidence.dcc.walk import child, text, value

_DCC = f"{{{names.DCC}}}"
MAX_FILE = 8 * 1024 * 1024
_RUNS = {"exe", "dll", "bat", "cmd", "com", "js", "vbs", "ps1", "sh", "msi", "jar", "scr", "hta", "lnk"}
_MAGIC = {b"MZ": "program", b"\x7fELF": "program", b"#!": "script"}
_DAMAGED = re.compile(r"Ã[\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹Œ]|Â[\u00a0-\u00bf]|â€|ï»¿|\ufffd|锟斤拷|烫烫烫")
_SUSPECT = "ÃÂâï\ufffd锟烫"
_HEX = {"sha256": 64, "sha384": 96, "sha512": 128}


def check(tree: Tree) -> Iterator[Finding]:
    yield from _files(tree)
    yield from _hashes(tree)
    yield from _claims(tree)
    yield from _damaged(tree.root)


def _files(tree: Tree) -> Iterator[Finding]:
    for element in tree.dcc("dataBase64"):
        packed = re.sub(rb"\s", b"", (element.text or "").encode("utf-8", "replace"))
        if len(packed) * 3 // 4 > MAX_FILE:
            words = (
                f"内嵌文件超过 {MAX_FILE // 2**20} MiB",
                f"the embedded file is larger than {MAX_FILE // 2**20} MiB",
            )
            yield finding(element, "file_large", "warning", words)
        try:
            head = base64.b64decode(packed, validate=True)[:64]
        except (binascii.Error, ValueError):
            words = "内嵌文件的 base64 不完整或损坏", "the base64 of the embedded file is cut off or damaged"
            yield finding(element, "base64", "error", words)
            continue
        if not packed:
            yield finding(element, "file_empty", "warning", ("内嵌文件为空", "the embedded file is empty"))
        holder = element.getparent()
        name, mime = value(holder, "fileName"), value(holder, "mimeType")
        if name.rpartition(".")[2].lower() in _RUNS or any(head.startswith(m) for m in _MAGIC):
            words = f"内嵌文件“{name}”是程序，绝不打开", f"the embedded file {name!r} is a program: it is never opened"
            yield finding(element, "file_runs", "error", words)
        elif (name.lower().endswith(".pdf") or mime == "application/pdf") and packed and not head.startswith(b"%PDF-"):
            words = f"“{name}”不是 PDF", f"{name!r} is no PDF"
            yield finding(element, "file_kind", "warning", words)


def _hashes(tree: Tree) -> Iterator[Finding]:
    for element in tree.dcc("certificate", "previousReport", "linkedReport"):
        procedure, stated = value(element, "procedure").lower(), value(element, "value")
        size = next((n for name, n in _HEX.items() if name in procedure.replace("-", "")), None)
        if size is None or not stated:
            continue
        as_hex = len(stated) == size and re.fullmatch(r"[0-9a-fA-F]+", stated)
        as_base64 = len(stated) == (size // 2 + 2) // 3 * 4 and re.fullmatch(r"[A-Za-z0-9+/]+=*", stated)
        if not as_hex and not as_base64:
            words = f"摘要不像 {procedure}", f"the hash does not look like {procedure}"
            place = child(element, "value")
            yield finding(place if place is not None else element, "hash", "warning", words)


def _claims(tree: Tree) -> Iterator[Finding]:
    """Flags only claim a seal or signature; the fourth layer says what is there."""
    root = tree.root
    signed = next(root.iterchildren(names.SIGNATURE), None) is not None
    version = codes.version_of(root.get("schemaVersion") or "")
    if signed and version is not None and version < codes.SIGNATURE_SINCE:
        words = "3.2.0 之前的版本没有签名的位置", "versions before 3.2.0 have no place for a signature"
        yield finding(root, "signature_place", "info", words, "schemaVersion ≥ 3.2.0")
    if signed:
        return
    for element in tree.dcc("cryptElectronicSeal", "cryptElectronicSignature"):
        if text(element) in ("true", "1"):
            words = (
                "自称有电子签章，但文件没有签名",
                "an electronic seal is claimed, but the file carries no signature",
            )
            yield finding(element, "claim_unsigned", "info", words)


def _damaged(root: etree._Element) -> Iterator[Finding]:
    text_of_all = etree.tostring(root, method="text", encoding="unicode")
    if not any(char in text_of_all for char in _SUSPECT):
        return
    for element in root.iter(f"{_DCC}*"):
        words = element.text or ""
        if len(words) < 5000 and (match := _DAMAGED.search(words)):
            shown = text(element)[:40]
            said = f"文字“{shown}”在编码转换中损坏", f"the text {shown!r} was damaged by a wrong encoding"
            yield finding(element, "text_damaged", "warning", said, _repaired(words, match))


def _repaired(words: str, _: re.Match[str]) -> str:
    """UTF-8 that was read as Windows-1252 can be read back; anything else would be a guess."""
    try:
        mended = words.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""
    return " ".join(mended.split())
