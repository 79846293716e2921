"""Code lists a DCC refers to: ISO 3166-1 alpha-2, ISO 639-1, the released schema versions."""

from __future__ import annotations


def _pairs(text: str) -> frozenset[str]:
    packed = text.replace(" ", "").replace("\n", "")
    return frozenset(packed[i : i + 2] for i in range(0, len(packed), 2))


COUNTRIES = _pairs(
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZ BABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZ CACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCX"
    "CYCZ DEDJDKDMDODZ ECEEEGEHERESET FIFJFKFMFOFR GAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGY HKHMHNHRHTHU IDIEILIMINIO"
    "IQIRISIT JEJMJOJP KEKGKHKIKMKNKPKRKWKYKZ LALBLCLILKLRLSLTLULVLY MAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZ"
    "NANCNENFNGNINLNONPNRNUNZ OM PAPEPFPGPHPKPLPMPNPRPSPTPWPY QA RERORSRURW SASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSY"
    "SZ TCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZ UAUGUMUSUYUZ VAVCVEVGVIVNVU WFWS YEYT ZAZMZW"
)
LANGUAGES = _pairs(
    "aaabaeafakamanarasavayaz babebgbibmbnbobrbs cacechcocrcscucvcy dadedvdz eeeleneoeseteu fafffifjfofrfy"
    "gagdglgngugv hahehihohrhthuhyhz iaidieigiiikioisitiu jajv kakgkikjkkklkmknkokrkskukvkwky lalblglilnloltlulv"
    "mgmhmimkmlmnmrmsmtmy nanbndnengnlnnnonrnvny ocojomoros papiplpspt qu rmrnrorurw sascsdsesgshsiskslsmsnsosqsrss"
    "stsusvsw tatetgthtitktltntotrtstttwty ugukuruz vevivo wawo xh yiyo zazhzu"
)

LATEST = "3.3.0"
# schema versions this release reads, and the D-SI each imports
RELEASES: dict[str, str] = {
    "2.1.0": "1.0.1",
    "2.1.1": "1.0.1",
    "2.2.0": "1.3.0",
    "2.3.0": "1.3.0",
    "2.4.0": "1.3.1",
    "3.0.0": "2.0.0",
    "3.1.0": "2.1.0",
    "3.1.1": "2.1.0",
    "3.1.2": "2.1.0",
    "3.2.0": "2.1.0",
    "3.2.1": "2.1.0",
    "3.3.0": "2.2.1",
}
# their official schema names elements that the D-SI it imports does not have: no processor compiles it
WITHOUT_USABLE_SCHEMA = ("2.1.0", "2.1.1")
SIGNATURE_SINCE = (3, 2, 0)


def meant(text: str) -> str:
    """The release that was meant: ``v3.0.0``, ``3.0`` and ``3.0.0 `` are 3.0.0; else what is written."""
    bare = text.strip().lstrip("vV").strip()
    parts = [*bare.split("."), "0", "0"][: max(3, bare.count(".") + 1)]
    return ".".join(parts) if bare and ".".join(parts) in RELEASES else text.strip()


def version_of(text: str) -> tuple[int, ...] | None:
    """``3.2.1`` → (3, 2, 1); a release candidate counts as its release."""
    try:
        return tuple(int(part) for part in text.partition("-")[0].split("."))
    except ValueError:
        return None
