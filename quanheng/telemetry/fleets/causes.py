"""The published list of causes and reasons, in Chinese and English. Codes never change meaning."""

from __future__ import annotations

import re

# Why an area is not judged (fit = unfit), or what was found in it.
CAUSES: dict[str, tuple[str, str]] = {
    "ok": ("模型与数据相符", "the model fits the data"),
    "no_master": ("台区没有总表读数", "the area has no master meter"),
    "two_masters": ("同一时段有两块及以上总表", "more than one master meter at the same time"),
    "too_few_meters": ("没有可用的分表", "no usable sub-meter"),
    "too_few_rows": ("完整时段数不足", "too few complete intervals"),
    "low_acquisition": ("采集成功率不足", "acquisition rate too low"),
    "loss_out_of_range": ("线损率超出规定范围", "loss outside the permitted range"),
    "cadence_too_coarse": ("读数间隔过粗,信息不足以判定", "readings too coarse to determine any meter"),
    "meters_not_read": (
        "档案中的电能表没有读数,其用电未计入平衡",
        "listed meters were not read, so their energy is missing from the balance",
    ),
    "stopped_meter": ("有电能表停走,其用电未计量", "a meter has stopped, so its energy is not registered"),
    "bad_values": ("负电量或超物理极限的读数过多", "too many negative or physically impossible readings"),
    "register_resolution": ("表计分辨力乘互感器变比过粗", "register resolution times CT ratio too coarse"),
    "imputation": ("缺数被人为填补", "missing readings were filled in"),
    "clock_skew": ("电能表时钟偏差", "clocks of the meters are off"),
    "foreign_meter": ("档案中有不属于本台区的电能表", "a listed meter is fed from elsewhere"),
    "unlisted_consumer": ("有用户未列入本台区", "a consumer of the area is not listed"),
    "theft": ("存在随时间出现的未计电量(疑似窃电)", "energy goes unmetered at times (suspected theft)"),
    "wrong_ct": ("互感器变比疑似有误", "a CT ratio is probably wrong"),
    "pv_backfeed": ("光伏上网电量未计入", "PV back-feed is not metered"),
    "location_loss": (
        "损耗与位置有关,现有馈线信息不足以描述",
        "loss depends on location beyond what is known of the feeders",
    ),
    "non_stationary": ("误差或接线在窗口内发生变化", "errors or wiring changed within the window"),
    "model_misfit": ("残差与模型不符,原因不明", "residuals contradict the model; cause unknown"),
}

# Why a meter has its verdict.
REASONS: dict[str, tuple[str, str]] = {
    "within": (
        "误差 {error:+.2%}±{expanded:.2%}(k=2),超限概率 {p:.1%},低于合格界限",
        "error {error:+.2%} ± {expanded:.2%} (k=2); P(beyond ±{limit:.2%}) = {p:.1%}, below the pass bar",
    ),
    "beyond": (
        "误差 {error:+.2%}±{expanded:.2%}(k=2),超出 ±{limit:.2%} 的概率 {p:.1%},待更多数据证实",
        "error {error:+.2%} ± {expanded:.2%} (k=2); P(beyond ±{limit:.2%}) = {p:.1%}; more data must confirm",
    ),
    "beyond_twice": (
        "两个不重叠时段均超出 ±{limit:.2%}:误差 {error:+.2%}±{expanded:.2%}(k=2),请现场检定",
        "beyond ±{limit:.2%} in two disjoint windows: error {error:+.2%} ± {expanded:.2%} (k=2); verify on site",
    ),
    "uncertain": (
        "超限概率 {p:.1%},介于合格与怀疑之间,数据尚不足以判定",
        "P(beyond ±{limit:.2%}) = {p:.1%}: neither pass nor suspect; the data do not decide",
    ),
    "light_load": (
        "用电量仅占台区的 {share:.3%},数据不足以判定",
        "only {share:.3%} of the area's energy; the data cannot tell",
    ),
    "little_information": (
        "结论主要来自先验(数据贡献 {info:.0%}),不作判定",
        "the answer is mostly prior (data share {info:.0%}); not judged",
    ),
    "unfit_area": ("台区不可判定:{cause}", "the area cannot be judged: {cause}"),
    "not_read": ("没有可用读数", "no usable reading"),
    "few_readings": ("读数过少,未参与计算", "too few readings; left out"),
    "foreign": (
        "与总表无能量关系,疑似不属于本台区",
        "shows no energy relation to the master; probably fed from elsewhere",
    ),
}


def cause_text(code: str, language: str = "zh") -> str:
    """A cause in words."""
    return CAUSES[code][0 if language == "zh" else 1]


def reason_text(code: str, language: str = "zh", **values: object) -> str:
    """A reason in words, with its figures."""
    return REASONS[code][0 if language == "zh" else 1].format(**values)


# What was seen in an area, as ``findings`` say it in English, and the same in Chinese.
FINDINGS: tuple[tuple[str, str], ...] = (
    (r"(.+) stands ([+-][\d.]+) h against the balance.*", r"\1 的读数相对平衡错位 \2 小时:时区或时钟有误?"),
    (r"the meters' readings stand ([+-][\d.]+) h against.*", r"分表读数相对总表错位 \1 小时:时区不一致?"),
    (r"(\d+) listed meters were not read: (.+)", r"档案中有 \1 块表没有读数:\2"),
    (r"no energy for a week while the balance lacks it: (.+)", r"停走一周以上,而平衡恰缺这部分电量:\1"),
    (r"taken out as fed from elsewhere: (.+)", r"与总表无能量关系,已从平衡中剔除:\1"),
    (r"(.+) was replaced by (.+)", r"\1 更换为 \2"),
    (r"(.+) was installed on (.+)", r"\1 于 \2 安装"),
    (r"(\d+) meters have readings but stand on no list: (.+)", r"有读数而不在档案中的表 \1 块:\2"),
    (r"(\d+) negative or impossible readings taken as not read", r"\1 个负值或超物理极限的读数按未采到处理"),
    (r"(\d+) off grid", r"\1 个读数不在总表的时刻上"),
    (r"(\d+) duplicates", r"\1 个重复读数"),
    (r"(\d+) contradictions", r"\1 个时刻有互相矛盾的读数,按未采到处理"),
    (r"(\d+) unreadable rows", r"\1 行无法识别"),
    (r"([\d.]+%) read, (\d+%) needed", r"采集率 \1,要求 \2"),
    (r"(\d+) complete intervals, (\d+) needed", r"完整时段 \1 个,要求 \2 个"),
    (r"loss (.+%)", r"线损率 \1"),
    (r"one reading every ([\d.]+) h", r"每 \1 小时一个读数"),
    (r"steps of the registers add ([\d.]+) times the usual noise", r"示值的步长带来 \1 倍于平常的噪声"),
)


def finding_text(finding: str, language: str = "zh") -> str:
    """What was seen, in words; a finding of no known form stays as it is."""
    for pattern, words in FINDINGS if language == "zh" else ():
        found = re.fullmatch(pattern, finding)
        if found:
            return found.expand(words)
    return finding
