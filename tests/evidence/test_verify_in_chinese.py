"""Who reads Chinese reads Chinese throughout: no reason from the parts below comes through in English."""

from __future__ import annotations

import ast
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

import quanheng.evidence as evidence
from quanheng.evidence.ledger import Signer
from quanheng.evidence.verify import Keys, main, verify_file
from quanheng.evidence.verify.reasons import CHINESE, in_chinese
from tests.evidence.test_verify import Case, case

__all__ = ["case"]

ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")
PARTS = ("attachment", "bundle", "dcc/safe", "ledger/*", "signing/*", "verify/check", "verify/cli", "verify/keys")
# words of libraries beneath ours, which are taken over
BENEATH = {"Digest mismatch for reference {} ()", "Signature verification failed: {}"}


def sentences() -> set[str]:
    """Every text in the parts that a check of a file passes through, with ``{}`` for what is filled in."""
    found = set()
    for path in (p for part in PARTS for p in Path(evidence.__file__).parent.glob(f"{part}.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                found.add("".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values))
    return found


def test_every_translated_sentence_is_one_that_is_said() -> None:
    assert set(CHINESE) - sentences() - BENEATH == set()
    for english, chinese in CHINESE.items():
        assert english.count("{}") >= chinese.count("{}"), english


def test_what_is_filled_in_is_taken_over_and_translated_itself() -> None:
    assert in_chinese("leaf 7 is outside a tree of 6") == "第 7 条不在共 6 条的日志之内"
    told = in_chinese("the signature does not fit the document: Digest mismatch for reference 0 ()")
    assert told == "签名与文件内容不符:引用 0 的摘要不符"
    assert in_chinese("something that nobody foresaw") == "something that nobody foresaw"


def told(case: Case, **changes: object) -> str:
    outcome = verify_file(case.bundle.xml, replace(case.bundle, **changes), case.keys)
    return "\n".join(s.text("zh") for s in outcome.contradictions + outcome.gaps)


def test_forged_parts_are_named_in_chinese(case: Case) -> None:
    text, line = case.bundle.checkpoint.split("\n\n")
    said = told(case, checkpoint=f"{text.replace('6', '7', 1)}\n\n{line}")
    assert "的签名与文本不符:有改动" in said
    assert "存在性证明过短" in told(case, proof=case.bundle.proof[:-1])
    stranger = Signer.generate("log.example").sign(f"{text}\n")
    assert "检查点不是由您信任的密钥签名的" in told(case, checkpoint=stranger)
    alone = verify_file(case.bundle.pdf, None, Keys())
    assert "XML 签名未能证明(不可信):签名证书追不到您给出的信任根" in [s.text("zh") for s in alone.gaps]
    assert not any(ENGLISH.search(s.text("zh")) for s in alone.gaps + alone.unchecked)


@pytest.mark.parametrize("suffix", [".xml", ".pdf", ".bundle.json"])
def test_a_damaged_copy_is_explained_in_chinese(
    case: Case, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], suffix: str
) -> None:
    raw, rng = Path(case.file(suffix)).read_bytes(), random.Random(7)
    path = tmp_path / f"copy{suffix}"
    for _ in range(40):
        at = rng.randrange(len(raw))
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :])
        assert main([str(path), "--keys", case.file(".keys"), "--lang", "zh"]) in (1, 2)
        shown = capfdbinary.readouterr()
        words = shown.out.decode() + shown.err.decode()
        # what the XML or JSON reader itself says stands in brackets
        assert not ENGLISH.search(re.sub(r"\(.*", "", words)), words
