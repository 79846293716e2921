"""Words of requests and answers as people read them; symbols of the GUM stay symbols."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

WORDS: dict[str, str | Promise] = {
    "yes": pgettext_lazy("answer", "是"),
    "no": pgettext_lazy("answer", "否"),
    "name": _("名称"),
    "value": pgettext_lazy("compute", "值"),
    "method": _("方法"),
    "model": _("测量模型"),
    "inputs": _("输入量"),
    "input": _("输入量"),
    "outputs": _("输出量"),
    "correlations": _("相关系数"),
    "coverage": _("包含概率"),
    "interval": pgettext_lazy("coverage", "包含区间"),
    "trials": _("试验次数"),
    "digits": _("有效位数"),
    "seed": _("随机种子"),
    "distribution": _("分布"),
    "dof": _("自由度 ν"),
    "c": _("灵敏系数 c"),
    "contribution": _("贡献 |c|·u"),
    "share": _("占比"),
    "budget": _("不确定度分量表"),
    "covariance": _("协方差"),
    "gum_validated": _("GUM 法经蒙特卡洛验证"),
    "labs": _("实验室"),
    "lab": _("实验室"),
    "reference": _("参考值"),
    "u_reference": _("参考值的 u"),
    "consistent": _("一致"),
    "excluded": _("剔除"),
    "degrees": _("等效度"),
    "travelling": _("传递标准"),
    "d": _("差值 d"),
    "en": "En",
    "chi2": "χ²",
    "values": _("数据"),
    "mean": _("均值"),
    "sd": _("标准偏差"),
    "std": _("标准偏差"),
    "n": _("个数 n"),
    "iterations": _("迭代次数"),
    "rule": _("规则"),
    "document": _("依据文件"),
    "clause": _("条款"),
    "verdict": _("结论"),
    "decision": _("判定"),
    "reason": _("理由"),
    "predictions": _("预测"),
    "predict": _("待预测"),
    "residuals": _("残差"),
    "cov_ab": "cov(a, b)",
    "u_a": "u(a)",
    "u_b": "u(b)",
    "u_x": "u(x)",
    "u_y": "u(y)",
    "limits": _("限"),
    "lower": _("下限"),
    "upper": _("上限"),
    "unit": _("单位"),
    "tolerance": _("允差"),
    "groups": _("组"),
    "bottles": _("瓶"),
    "passed": _("通过"),
    "note": _("说明"),
}


def word(key: str) -> str:
    """The word of a key; the key itself where it is a symbol or has none."""
    return str(WORDS.get(key, key.replace("_", " ")))
