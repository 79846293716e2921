"""Enterprises: entered from a list by the import of organisations, with one keeper each."""

from __future__ import annotations

from dataclasses import dataclass

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.roles import Role
from quanheng.platform.project.demo import days, names, offices
from quanheng.platform.project.demo.world import CITY, SEAT, World, import_whole

HEADERS = ["单位名称", "统一社会信用代码", "类型", "行政区划", "上级单位", "地址", "电话"]
VISITOR = "𠮷祥农贸市场有限公司"
WEIGHTS = {
    "990101": 0.24,
    "990102": 0.20,
    "990121": 0.10,
    "990122": 0.12,
    "990123": 0.08,
    "990124": 0.11,
    "990181": 0.15,
}


@dataclass(frozen=True)
class Trade:
    """A kind of firm: how many at full size, how they are called, whether they hang below a parent."""

    key: str
    count: int
    pattern: str
    parent: str = ""
    kind: str = "企业"
    seat: str = ""


TRADES = (
    Trade("market", 24, "{place}{word}农贸市场有限公司"),
    Trade("chain", 1, "衡川惠万家连锁超市有限公司", seat="990101"),
    Trade("store", 16, "惠万家超市{place}店", "chain"),
    Trade("shop", 20, "{place}{word}超市"),
    Trade("fuel_chain", 1, "衡油石化销售有限公司", seat="990102"),
    Trade("station", 14, "衡油石化{place}加油站", "fuel_chain"),
    Trade("fuel", 6, "{word}加油站"),
    Trade("gas_station", 3, "{word}加气站"),
    Trade("hospital", 9, "{region}{place}医院", kind="其他"),
    Trade("clinic", 14, "{place}{word}诊所", kind="其他"),
    Trade("optician", 7, "{word}眼镜店"),
    Trade("factory", 24, "衡川{word}{place}制造有限公司"),
    Trade("charging", 4, "{word}充电服务有限公司"),
    Trade("taxi", 3, "{word}出租汽车有限公司"),
    Trade("police", 2, "{region}交通警察支队", kind="其他"),
    Trade("inspection", 6, "{word}机动车检测有限公司"),
    Trade("monitoring", 3, "{region}生态环境监测站", kind="其他"),
    Trade("grain", 4, "{place}粮食储备有限公司"),
    Trade("water", 3, "{region}供水有限公司"),
    Trade("power", 1, "衡川供电有限公司", seat=CITY),
    Trade("gas", 2, "{region}燃气有限公司"),
    Trade("heat", 1, "衡川热力有限公司", seat=CITY),
)


def _name(world: World, trade: Trade, region: str, taken: set[str]) -> str:
    for attempt in range(200):
        name = trade.pattern.format(
            place=world.pick(names.PLACES), word=world.pick(names.WORDS), region=world.regions[region].name
        )
        if attempt > 30:
            name = name.replace("有限公司", f"第{attempt - 28}有限公司") if "公司" in name else f"{name}{attempt - 28}"
        if name not in taken:
            taken.add(name)
            return name
    raise AssertionError("the pool of names is too small")


def _listed(world: World) -> list[tuple[Trade, list[str]]]:
    rows, taken = [], {VISITOR}
    parents: dict[str, str] = {}
    codes = list(WEIGHTS)
    for trade in TRADES:
        for n in range(world.count(trade.count)):
            first = trade.key == "market" and n == 0  # the visitor's own firm
            region = SEAT if first else trade.seat or codes[int(world.rng.choice(len(codes), p=list(WEIGHTS.values())))]
            name = VISITOR if first else _name(world, trade, region, taken)
            code = names.credit_code(world.rng, region)
            parents.setdefault(trade.key, code)
            place = names.address(world.rng, world.regions[region].name)
            row = [name, code, trade.kind, region, parents.get(trade.parent, ""), place, names.phone(world.rng)]
            rows.append((trade, row))
    return rows


def build(world: World) -> None:
    """Import the firms, the heads of groups first, then give each head a keeper."""
    with clock.at(days.moment(days.ago(world.today, 415), 9)):
        rows = _listed(world)
        for below in (False, True):
            part = [row for trade, row in rows if bool(trade.parent) == below]
            import_whole(world.admin, "organisations", world.bureaus[CITY], HEADERS, part, "企业名录.csv")
        found = {o.credit_code: o for o in Organisation.objects.filter(kind__in=("enterprise", "other"))}
        for trade, row in rows:
            world.firms.setdefault(trade.key, []).append(found[row[1]])
        _keepers(world)


def _keepers(world: World) -> None:
    n = 0
    for trade in TRADES:
        for firm in [] if trade.parent else world.firms[trade.key]:
            n += 1
            station = trade.key == "charging" and firm is world.firms["charging"][0]
            username = {"chain": "chain", "power": "power"}.get(trade.key, f"keeper{n:03d}")
            username = "charging" if station else username
            single = trade.key == "market" and firm is world.firms["market"][0]
            user = offices.person(world, firm, "enterprise" if single else username, Role.ENTERPRISE)
            world.keepers[firm.pk] = user
            if single:
                offices.login(world, user, Role.ENTERPRISE, "企业计量员(单个企业)")
            if trade.key == "chain":
                offices.login(world, user, Role.ENTERPRISE, "企业计量员(连锁总部)")
            if trade.key == "power":
                offices.login(world, user, Role.ENTERPRISE, "企业计量员(供电公司)")
            if station:
                offices.login(world, user, Role.ENTERPRISE, "企业计量员(充电运营商)")
