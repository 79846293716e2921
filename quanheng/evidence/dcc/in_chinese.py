"""What libxml2 and we say of damage and of the schema, in Chinese. What has no words here stays as it was said."""

from __future__ import annotations

import re

_WHERE = re.compile(r"^Element '(?P<element>[^']*)'(?:, attribute '(?P<attribute>[^']*)')?: (?P<rest>.*)$", re.DOTALL)
_FACET = re.compile(r"^\[facet '[^']*'\] ")
_PLACE = re.compile(r", line \d+, column \d+$")
_WORDS = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        # the official schema
        (r"This element is not expected\. Expected is (?:one of )?\( (.*) \)\.", r"此处不该有这个元素，应为 \1"),
        (r"This element is not expected\.", "此处不该有这个元素"),
        (r"Missing child element\(s\)\. Expected is (?:one of )?\( (.*) \)\.", r"缺少子元素 \1"),
        (r"The attribute '(.*)' is not allowed\.", r"不允许有属性 \1"),
        (r"The attribute '(.*)' is required but missing\.", r"缺少必需的属性 \1"),
        (
            r"'(.*)' is not a valid value of the (?:atomic|list|union|local atomic) type '(.*)'\.",
            r"“\1”不是类型 \2 的有效值",
        ),
        (r"The value '(.*)' is not accepted by the pattern '(.*)'\.", r"“\1”不合要求的样式 \2"),
        (r"The value '(.*)' is not an element of the set \{(.*)\}\.", r"“\1”不在允许的取值之中：\2"),
        (r"The value has a length of '(\d+)'.*minimum length of '(\d+)'\.", r"长度 \1，至少应为 \2"),
        (r"Character content other than whitespace is not allowed.*", "这里只能有子元素，不能有文字"),
        (r"Element content is not allowed.*", "这里只能有文字，不能有子元素"),
        (r"No matching global element declaration available.*", "外来元素，架构文件夹中没有它的架构"),
        (r"No matching global declaration available for the validation root\.", "架构中没有这个根元素"),
        (r"(?:The atomic value )?'(.*)' is not a valid .*xs:ID.*|.*already .*ID.*", "编号（id）重复或无效"),
        (r"the id '(.*)' is used twice", r"编号 \1 用了两次"),
        (r"refId '(.*)' points at no id", r"refId \1 没有指向任何 id"),
        (r"(\d+) more errors are not listed", r"另有 \1 处错误未列出"),
        # damage
        (r"Premature end of data in tag (\S+).*", r"文件在元素 \1 中断，后面的内容缺失"),
        (r"Couldn't find end of Start Tag (\S+).*", r"标签 \1 没有写完"),
        (r"Opening and ending tag mismatch: (\S+).* and (\S+)", r"开始标签 \1 与结束标签 \2 不配对"),
        (r"Invalid bytes in character encoding|Input is not proper UTF-8.*", "字节与所声明的编码不符"),
        (r"PCDATA invalid Char value.*|.*invalid xmlChar value.*|invalid character.*", "有 XML 不允许的字符"),
        (r"Entity '(.*)' not defined", r"没有定义的字符名 &\1;"),
        (r"xmlParseEntityRef.*|EntityRef.*", "符号 & 没有写成 &amp;"),
        (r"StartTag: invalid element name|Failed to parse QName.*", "标签名无效，或符号 < 没有写成 &lt;"),
        (r"Unescaped '<' not allowed in attributes values", "属性值中的 < 没有写成 &lt;"),
        (
            r"error parsing attribute name|AttValue.*|attributes construct error|Specification mandates value.*",
            "属性写法有误",
        ),
        (r"Attribute (\S+) redefined", r"属性 \1 写了两次"),
        (r"Namespace prefix (\S+) .*is not defined", r"名称空间前缀 \1 没有声明"),
        (r"Comment not terminated", "注释没有结束"),
        (r"expected '>'", "标签没有结束"),
        (r"Extra content at the end of the document", "文件末尾有多余的内容"),
        (r"Start tag expected.*|Document is empty|the file holds no XML element", "文件中没有 XML 元素"),
        (r"the text is not (\S+); it was read as (\S+)(?:; (.*))?", r"文字不是 \1 编码，按 \2 读取"),
        (r"the text is UTF-16 without a byte order mark", "文字是 UTF-16，但没有字节顺序标记"),
        (r"bytes that are no UTF-8 were replaced", "不合 UTF-8 的字节已被替换"),
        (r"characters that XML forbids were replaced.*", "XML 不允许的字符已被替换"),
        (r"names of characters that only HTML knows were resolved", "只有 HTML 认识的字符名已换成字符"),
    )
)


def chinese(message: str) -> str:
    """The message in Chinese, element and attribute first; the message itself where we have no words for it."""
    where = _WHERE.match(message)
    rest = _FACET.sub("", _PLACE.sub("", where["rest"] if where else message)).strip()
    for pattern, words in _WORDS:
        if match := pattern.fullmatch(rest):
            said = match.expand(words)
            break
    else:
        return message
    if where is None:
        return said
    attribute = f" 的属性 {where['attribute']}" if where["attribute"] else ""
    return f"元素 {where['element']}{attribute}：{said}"
