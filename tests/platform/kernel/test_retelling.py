"""What was written down in Chinese is said in English to a reader of English; what is not known stays as it is."""

from __future__ import annotations

import pytest
from django.utils import translation

from quanheng.platform.kernel.retelling import retold

KEPT = [
    ("没有行政区划「火星区」", "There is no region “火星区”"),
    (
        "应为:贸易结算、安全防护、医疗卫生、环境监测、其他",
        "Must be one of: Trade settlement, Safety protection, Medical care, Environmental monitoring, Other",
    ),
    (
        "东陵商贸有限公司:1 台器具已于 2026-08-21 过期,请停止使用并申请检定",
        "东陵商贸有限公司: 1 instrument expired on 2026-08-21; stop using it and apply for verification",
    ),
    ("台账.xlsx:已导入 9980 行,有错 20 行", "台账.xlsx: 9980 rows imported, 20 with errors"),
    ("项别/种别", "Category and item"),
]


@pytest.mark.parametrize(("kept", "said"), KEPT)
def test_kept_words_are_found_in_the_catalogue_by_their_shape(kept: str, said: str) -> None:
    with translation.override("en"):
        assert retold(kept) == said
    with translation.override("zh-hans"):
        assert retold(kept) == kept


@pytest.mark.parametrize("own", ["当日现场不能停用，请改期再报", "𠮷祥农贸市场", "摊位空置", "already English", ""])
def test_what_people_wrote_themselves_is_left_alone(own: str) -> None:
    with translation.override("en"):
        assert retold(own) == own
