"""The fixed cast: one shop, one institute with its people, one county bureau, and strangers."""

from __future__ import annotations

from dataclasses import dataclass

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.kernel.people import actor_of
from tests.platform import makers


@dataclass(frozen=True)
class Cast:
    """Organisations and people by the part they play."""

    shop: Organisation
    rival: Organisation
    institute: Organisation
    bureau: Organisation
    other_bureau: Organisation
    keeper: User
    rival_keeper: User
    receptionist: User
    verifier: User
    checker: User
    signatory: User
    manager: User
    regulator: User
    other_regulator: User
    administrator: User
    security: User
    nobody: User

    def actor(self, part: str) -> Actor:
        """The actor for a part, such as ``"verifier"``."""
        return actor_of(getattr(self, part))


def make_cast() -> Cast:
    """Everybody, licensed for JJG 539 where their part needs it."""
    shop = makers.make_organisation("东陵商贸有限公司")
    rival = makers.make_organisation("西岭超市")
    institute = makers.make_organisation("衡川市计量测试所", "institute", region=makers.make_region())
    bureau = makers.make_organisation("东陵县市场监督管理局", "regulator")
    other = makers.make_organisation("北原县市场监督管理局", "regulator", region=makers.make_region("990102", "北原县"))
    people = {
        "keeper": makers.make_user("钱掌柜", shop, "enterprise"),
        "rival_keeper": makers.make_user("孙掌柜", rival, "enterprise"),
        "receptionist": makers.make_user("李受理", institute, "receptionist"),
        "verifier": makers.make_user("周检定", institute, "verifier"),
        "checker": makers.make_user("吴核验", institute, "checker"),
        "signatory": makers.make_user("郑签发", institute, "signatory"),
        "manager": makers.make_user("王主任", institute, "lab_manager"),
        "regulator": makers.make_user("冯监管", bureau, "regulator"),
        "other_regulator": makers.make_user("陈监管", other, "regulator"),
        "administrator": makers.make_user("褚管理", bureau, "system_admin"),
        "security": makers.make_user("秦安全", bureau, "security_admin"),
        "nobody": makers.make_user("卫路人", rival),
    }
    norm = makers.make_norm()
    makers.make_authorisation(institute, norm)
    for part, duty in (("verifier", "verify"), ("checker", "check"), ("signatory", "sign")):
        makers.make_licence(people[part], duty, norm)
    return Cast(shop=shop, rival=rival, institute=institute, bureau=bureau, other_bureau=other, **people)
