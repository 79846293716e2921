"""What the checker says, in Chinese and English. Codes are for programs and never change their meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from quanheng.evidence.verify.reasons import in_chinese

WORDS: Final[dict[str, tuple[str, str]]] = {
    # proven
    "bytes_logged": (
        "{file} 的每一个字节都与日志条目中的散列一致",
        "every byte of the {file} equals the hash in the log entry",
    ),
    "sealed_logged": (
        "封存的 {size} 字节连同盐值与日志条目中的散列一致",
        "the {size} sealed bytes and their salt give the hash in the log entry",
    ),
    "in_log": (
        "该条目在日志 {origin} 中的索引为 {index}(从 0 数起,共 {size} 条),检查点由密钥 {key} 签名",
        "the entry has index {index} (from 0) of {size} in the log {origin}, whose checkpoint the key {key} signed",
    ),
    "witnessed": (
        "见证方 {key} 于 {at} 联署了检查点:该条目在此时已经存在,日志未曾改写其先前所见",
        "the witness {key} cosigned the checkpoint at {at}: the entry existed by then, and the log had not rewritten"
        " what that witness had seen before",
    ),
    "status": (
        "日志运营者在 {at} 声明的状态:{state}",
        "the state that the log's operator declared at {at}: {state}",
    ),
    "xml_signature": (
        "XML 签名完整,签名证书为“{signer}”,可追到您给出的信任根",
        "the XML signature is intact; its certificate names “{signer}” and leads to a trust anchor that you gave",
    ),
    "pdf_signature": (
        "PDF 签名完整,签名证书为“{signer}”,可追到您给出的信任根",
        "the PDF signature is intact; its certificate names “{signer}” and leads to a trust anchor that you gave",
    ),
    "pdf_attachment": ("PDF 内附的 XML 就是日志登记的那一份", "the XML inside the PDF is the one in the log"),
    # claimed
    "claim": ("{name}:{value}", "{name}: {value}"),
    "claim_logged_at": ("登记时间(日志运营者所称):{at}", "time of logging, as the log's operator says: {at}"),
    "claim_replaces": ("声称替换了条目 {prev}", "said to replace the entry {prev}"),
    "claim_ahead": (
        "签名自称的时间 {at} 当时尚未到来:签名者的时钟有误,或时间是假的",
        "the signature claims the time {at}, which had not come yet: the signer's clock is wrong, or the time is false",
    ),
    "claim_content": (
        "文件内容(结果、结论、条件)是签发者的陈述,签名只证明是谁说的",
        "the content (results, conclusions, conditions) is the issuer's statement; a signature shows who made it",
    ),
    # unchecked
    "revocation_after": ("{at} 之后是否被替换或撤销", "whether it was replaced or revoked after {at}"),
    "revocation_unknown": ("是否被替换或撤销", "whether it was replaced or revoked"),
    "time": (
        "时间没有独立的时间戳作证,只有签发者和日志运营者的说法",
        "no independent time stamp vouches for the times; they rest on the issuer and the log's operator",
    ),
    "time_before": (
        "时间的下限:见证方只证明该条目何时已经存在,不证明它不更早",
        "how early it was made: a witness vouches for when the entry existed, not for when it did not yet",
    ),
    "one_view": (
        "日志是否向所有人展示同一份内容(检查点没有可信见证方联署)",
        "whether the log shows everybody the same (no witness that you trust cosigned the checkpoint)",
    ),
    "pdf_says_the_same": ("PDF 的文字是否与 XML 数据一致", "whether the words of the PDF say the same as the XML"),
    "pdf_without_xml": ("PDF 没有内附 XML", "the PDF carries no XML"),
    "measurement": (
        "测量是否如实进行,所用标准器的溯源链",
        "whether the measurement was made as described, and the chain of the standards used",
    ),
    "key_revocation": (
        "签名证书是否已被其签发机构吊销",
        "whether the signer's certificate was revoked by its authority",
    ),
    # problems
    "sealed_differs": (
        "封存的内容与日志条目中的散列不一致",
        "the sealed content is not what the log entry holds the hash of",
    ),
    "not_sealed_results": (
        "日志条目不是封存的结果,而是 {type}",
        "the log entry is not about sealed results but {type}",
    ),
    "no_keys": ("没有给出密钥文件,什么都无法证明", "no keys were given, so nothing can be proven"),
    "no_bundle": (
        "没有给出证明包,无法证明已登记入日志,也不知其状态",
        "no bundle was given, so neither the log entry nor the status can be proven",
    ),
    "bytes_differ": (
        "{file} 与日志登记的字节不同:文件被改动,或证明包属于另一份证书",
        "the {file} differs from the bytes in the log: it was altered, or the bundle belongs to another certificate",
    ),
    "changed_text": (
        "{file} 与证明包中的原件自第 {first} 字节(第 {line} 行,{element})起不同:原件为“{logged}”,此文件为“{given}”",
        "the {file} departs from the copy in the bundle at byte {first} (line {line}, {element}): "
        "“{logged}” there, “{given}” here",
    ),
    "changed_bytes": (
        "{file} 与证明包中的原件在第 {first} 至 {last} 字节不同"
        "(PDF 对象 {object};此文件 {size} 字节,原件 {logged_size} 字节)",
        "the {file} departs from the copy in the bundle in bytes {first} to {last} (PDF object {object}; "
        "{size} bytes here, {logged_size} there)",
    ),
    "bundle_copy_differs": (
        "证明包内的 {file} 与其日志条目不符",
        "the {file} inside the bundle does not fit the bundle's own log entry",
    ),
    "replay_differs": (
        "证明包内用于重算的 {part} 不是证书写明哈希的那一份",
        "the {part} that the bundle carries for a replay is not the one whose hash the certificate states",
    ),
    "not_in_log": ("存在性证明不成立:{why}", "the inclusion proof fails: {why}"),
    "checkpoint_bad": ("检查点无效:{why}", "the checkpoint is not valid: {why}"),
    "checkpoint_untrusted": (
        "检查点不是由您信任的密钥签名的",
        "the checkpoint is not signed by a key that you trust",
    ),
    "not_witnessed": (
        "检查点缺少您要求的见证方联署({rule})",
        "the checkpoint lacks the cosignatures that you demand ({rule})",
    ),
    "seen_before_made": (
        "条目自称登记于 {at},而见证方在 {seen} 就已看到它:时间有假",
        "the entry says that it was made at {at}, but a witness saw it at {seen}: a time is false",
    ),
    "status_bad": ("状态声明无效:{why}", "the status note is not valid: {why}"),
    "status_untrusted": ("状态声明不是由您信任的密钥签名的", "the status is not signed by a key that you trust"),
    "status_other": ("状态声明属于另一份证书或另一个日志", "the status belongs to another certificate or another log"),
    "revoked": ("证书已撤销,自 {void_from} 起无效", "the certificate is revoked and void from {void_from}"),
    "revoked_leaf": ("该日志条目本身就是一条撤销记录", "this log entry is itself a revocation"),
    "replaced": ("证书已被替换", "the certificate was replaced"),
    "not_a_certificate": ("该日志条目不是证书({type})", "this log entry is not a certificate ({type})"),
    "xml_signature_bad": ("XML 签名无效:{why}", "the XML signature is not valid: {why}"),
    "xml_signature_unproven": (
        "XML 签名未能证明({state}):{why}",
        "the XML signature proves nothing ({state}): {why}",
    ),
    "pdf_signature_bad": ("PDF 签名无效:{why}", "the PDF signature is not valid: {why}"),
    "pdf_signature_unproven": (
        "PDF 签名未能证明({state}):{why}",
        "the PDF signature proves nothing ({state}): {why}",
    ),
    "pdf_attachment_differs": (
        "PDF 内附的 XML 不是日志登记的那一份",
        "the XML inside the PDF is not the one in the log",
    ),
}
STATES: Final = {
    "issued": ("有效签发", "issued"),
    "replaced": ("已替换", "replaced"),
    "revoked": ("已撤销", "revoked"),
    # of a signature
    "claimed-time-only": ("只在自称的时间成立", "claimed-time-only"),
    "expired": ("已过期", "expired"),
    "untrusted": ("不可信", "untrusted"),
    "unsupported": ("不支持", "unsupported"),
    "absent": ("没有签名", "absent"),
}
PARTS: Final = {"record": ("原始记录", "record"), "procedure": ("检定程序", "procedure")}
TYPES: Final = {
    "draw_committed": ("抽取的承诺", "draw_committed"),
    "draw_revealed": ("抽取的揭示", "draw_revealed"),
    "results_sealed": ("封存的结果", "results_sealed"),
    "results_opened": ("启封的结果", "results_opened"),
    "recall_opened": ("启动的追溯处理", "recall_opened"),
    "certificate_issued": ("证书签发", "certificate_issued"),
    "certificate_replaced": ("证书替换", "certificate_replaced"),
    "certificate_revoked": ("证书撤销", "certificate_revoked"),
}
NAMES: Final = {
    "number": ("证书编号", "number"),
    "issuer": ("签发机构", "issuer"),
    "issued_on": ("签发日期", "issued on"),
    "performed_on": ("检定/校准日期", "performed on"),
    "item": ("器具", "item"),
    "customer": ("客户", "customer"),
    "standard": ("所用标准器", "standard used"),
}
RESULTS: Final = {
    "proven": ("已证明", "PROVEN"),
    "not_proven": ("未能证明", "NOT PROVEN"),
    "tampered": ("已被改动", "TAMPERED"),
}
HEADINGS: Final = {
    "problems": ("问题", "Problems"),
    "proven": ("已证明", "Proven"),
    "claimed": ("只是声称", "Only claimed"),
    "unchecked": ("未检查", "Not checked"),
}


@dataclass(frozen=True)
class Statement:
    """One sentence of the answer."""

    code: str
    values: dict[str, str] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        column = 0 if lang == "zh" else 1
        values = dict(self.values)
        for key, known in {"state": STATES, "name": NAMES, "part": PARTS, "type": TYPES}.items():
            if values.get(key) in known:
                values[key] = known[values[key]][column]
        if "why" in values and lang == "zh":
            values["why"] = in_chinese(values["why"])
        return WORDS[self.code][column].format_map({key: _plain(value) for key, value in values.items()})


def _plain(value: str) -> str:
    """One line of printable text: a hostile certificate must not drive the terminal."""
    text = "".join(char if char.isprintable() else " " for char in value)
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:199] + "…"
