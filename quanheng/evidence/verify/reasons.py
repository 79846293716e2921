"""What the parts below say in English, in Chinese: they know one language, and who checks a file may read the other."""

from __future__ import annotations

import re
from typing import Final

# ``{}`` stands for what differs from case to case and is taken over; a sentence that is not here stays English.
CHINESE: Final[dict[str, str]] = {
    # signatures
    "the file carries no signature": "文件没有签名",
    "the file carries more than {} signatures": "文件的签名多于 {} 个",
    "a signature is accepted only directly below the root": "只接受直接位于根元素之下的签名",
    "the bytes differ from those the issuer wrote": "字节与签发者写下的不同",
    "the signature does not fit the document: {}": "签名与文件内容不符:{}",
    "Digest mismatch for reference {} ()": "引用 {} 的摘要不符",
    "Signature verification failed: {}": "签名值验证不通过",
    "the signer's certificate does not lead to a trust anchor that was given": "签名证书追不到您给出的信任根",
    "a certificate the signature rests on is revoked since {}": "签名所依据的证书自 {} 起已被吊销",
    "the signing time lies before the signer's certificate became valid": "签名时间早于签名证书生效",
    "the chain holds only at the time the signer itself claims": "证书链只在签名者自称的时间成立",
    "the signer's certificate was not valid at the time in question": "签名证书当时不在有效期内",
    "the PDF or its signature cannot be read: {}": "无法读取 PDF 或其签名({})",
    "the PDF carries more than one signature": "PDF 有多个签名",
    "the PDF carries no signature, or more than one": "PDF 没有签名,或有多个签名",
    "the signature does not fit the bytes of the PDF": "签名与 PDF 的字节不符",
    "bytes were added or changed outside the signature": "签名范围之外有字节被添加或改动",
    "the signature needs one SignedInfo": "签名须有且只有一个 SignedInfo",
    "signature method {} is not accepted": "不接受签名算法 {}",
    "the canonicalisation method is missing or not accepted": "规范化方法缺失或不被接受",
    "the first reference must cover the whole document": "第一个引用须覆盖整个文件",
    "a reference leads outside the document": "有引用指向文件之外",
    "a digest method is missing or not accepted": "摘要算法缺失或不被接受",
    "the document must be referenced without its signature, and nothing else so": "引用文件时须且只须排除签名本身",
    "a transform other than enveloped-signature and canonicalisation is not accepted": "不接受这样的变换",
    "the Id {} is used more than once": "标识 {} 被多次使用",
    "the signature carries no certificate": "签名没有附带证书",
    "an RSA key of {} bits is too weak": "{} 位的 RSA 密钥强度不足",
    "a key on {} is too weak": "曲线 {} 上的密钥强度不足",
    "only RSA and elliptic-curve keys are accepted": "只接受 RSA 和椭圆曲线密钥",
    # log, notes
    "The signature of {} and the text of the note do not fit: one of them was changed.": "{} 的签名与文本不符:有改动",
    "A checkpoint is origin, size and root, one a line.": "检查点应为来源、条数、根各一行",
    "The root of a checkpoint is 32 bytes.": "检查点的根应为 32 字节",
    "This note is not a status of a certificate.": "这不是证书的状态声明",
    "The status note contradicts itself.": "状态声明自相矛盾",
    "it is older than the entry it speaks of": "它早于所说的条目",
    "A time is written 2026-01-31T08:00:00Z.": "时间应写作 2026-01-31T08:00:00Z",
    "The note is too large to be one.": "签名文本过大",
    "The signed note holds control characters or does not end in a newline.": "签名文本含控制字符,或不以换行结尾",
    "The signed note has no signature part.": "签名文本没有签名部分",
    "A signed note has between 1 and {} signatures.": "签名文本应有 1 至 {} 个签名",
    "A signature line of the note is malformed.": "签名文本的一行签名格式不对",
    "A signature of the note is too short.": "签名文本的一个签名过短",
    "leaf {} is outside a tree of {}": "第 {} 条不在共 {} 条的日志之内",
    "the inclusion proof is too long": "存在性证明过长",
    "the inclusion proof is too short": "存在性证明过短",
    "the inclusion proof leads to another root": "存在性证明导出的是另一个根",
    "a proof is at most 64 hashes of 32 bytes": "证明最多为 64 个 32 字节的散列",
    # files that cannot be used
    "The file cannot be read: {}.": "无法读取文件:{}",
    "The file is larger than {} MiB.": "文件大于 {} MiB",
    "This is a ZIP: unpack it and check each file in it.": "这是压缩包:请先解压,再逐份核验其中的文件",
    "This is neither a DCC (XML), a PDF nor a proof bundle.": "这既不是数字校准证书(XML)、PDF,也不是证明包",
    "FILE is a bundle already; give it alone.": "FILE 本身就是证明包,请单独给出",
    "The keys file is not text; take it from its publisher again.": "密钥文件不是文本,请向发布者重新取得",
    "This certificate cannot be read; take it from its publisher again.": "无法读取这份证书,请向发布者重新取得",
    "This is not a verifier key; give the line name+id+base64 as published.": "不是验证密钥,应为 名称+标识+base64 一行",
    "Only Ed25519 verifier keys are supported; ask the log for one.": "只支持 Ed25519 验证密钥,请向日志运营者索取",
    "The key id does not belong to this key; copy the line again.": "密钥标识与密钥不符,请重新复制该行",
    "This is not standard base64; use the file as it was issued.": "不是标准的 base64,请使用签发时的原文件",
    "This base64 is not in its canonical form; use the file as it was issued.": "base64 写法不规范,请用签发时的原文件",
    "The bundle is not UTF-8 JSON; use the file as it was issued.": "证明包不是 UTF-8 编码的 JSON,请使用签发时的原文件",
    "The bundle is not valid JSON: {}.": "证明包不是有效的 JSON({})",
    "A bundle is a JSON object.": "证明包应为一个 JSON 对象",
    "A bundle has the keys {}, and replay or nothing more.": "证明包应有 {} 各项,此外只可有 replay",
    "A bundle is at most {} MiB.": "证明包最大 {} MiB",
    "This version of the bundle is not known; update the program.": "不认识证明包的这个版本,请更新程序",
    "The index is a whole number.": "索引应为整数",
    "The proof is a list of at most {} hashes.": "证明应为至多 {} 个散列的列表",
    "A hash of the proof is 32 bytes.": "证明中的散列应为 32 字节",
    "What a replay needs is record and procedure.": "重算所需为 record 和 procedure 两项",
    "The bundle holds far more parts than a bundle has.": "证明包的内容远多于应有",
    "This field is text.": "此项应为文本",
    "This is not a leaf of the log; use the bundle as it was issued.": "这不是日志条目,请使用签发时的证明包",
    "The leaf is not canonical JSON; use the bundle as it was issued.": "条目不是规范 JSON,请使用签发时的证明包",
    "This version of the leaf is not known; update the program.": "不认识条目的这个版本,请更新程序",
    "The type of a leaf is one of {}.": "条目的类型应为 {} 之一",
    "A hash in a leaf is 64 lower-case hex digits or null.": "条目中的散列应为 64 位小写十六进制或空",
    "A leaf needs at least one hash.": "条目至少应有一个散列",
    "Certificates log an XML and a PDF, everything else one salted hash.": "证书登记 XML 和 PDF,其他只登记一个加盐散列",
    "A replacement or revocation names the leaf before it.": "替换或撤销须写明此前的条目",
    "The time of a leaf is text.": "条目的时间应为文本",
    "the file is not well-formed XML: {}": "文件不是完好的 XML({})",
    "the file holds no XML element": "文件中没有 XML 元素",
    "the file declares a DOCTYPE, which a certificate never needs: remove it": "文件含 DOCTYPE 声明,证书从不需要",
    "the file nests deeper than {} or has too many elements": "文件嵌套超过 {} 层,或元素过多",
    "the file has {}, more than the {} MiB read here": "文件有 {},超过可读的 {} MiB",
    "the PDF is larger than the {} MiB read here": "PDF 大于可读的 {} MiB",
    "the file is no PDF": "文件不是 PDF",
    "The PDF is unreadable ({}); get the file again.": "无法读取 PDF({}),请重新取得文件",
    "The PDF carries more than one XML file; give the XML itself.": "PDF 内附多个 XML,请直接给出 XML",
    "the PDF carries no XML certificate": "PDF 没有内附 XML 证书",
}
_KNOWN: Final = [
    (re.compile("(.+)".join(re.escape(part) for part in english.split("{}")), re.DOTALL), chinese)
    for english, chinese in CHINESE.items()
]


def in_chinese(text: str) -> str:
    """The sentence in Chinese where it is known; of several, each on its own."""
    return ";".join(_one(part) for part in text.split("; ")) if _one(text) == text else _one(text)


def _one(text: str) -> str:
    for pattern, chinese in _KNOWN:
        if found := pattern.fullmatch(text):
            return chinese.format(*map(_one, found.groups()))
    return text
