"""Which document, edition and clause an answer follows, from its request and its own keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Keys = Mapping[str, Any]

_UNCERTAINTY: Mapping[str, str] = {
    "gum": "JCGM 100:2008, 5.1.2, 5.2.2, G.4.1; JJF 1059.1-2012, 4.4",
    "gum2": "JCGM 100:2008, 5.1.2 (note)",
    "mc": "JCGM 101:2008, 7.2 to 7.9; JJF 1059.2-2012",
}
_CHECKS: Mapping[str, str] = {
    "repeatability": "JJF 1033-2023, C.1",
    "stability": "JJF 1033-2023, C.2",
    "transfer": "JJF 1033-2023, C.5.2.1",
    "comparison": "JJF 1033-2023, C.5.2.2",
    "pooled": "GUM 4.2.4; JJF 1059.1-2012, 4.3.2.4",
    "chart": "JJF 1033-2023, C.3; GB/T 17989.2; ISO 7870",
}
# papers the numerics name by author and year
_PAPERS: Mapping[str, str] = {
    "Cox 2002": "M. G. Cox, The evaluation of key comparison data, Metrologia 39 (2002) 589–595",
    "Cox 2007": "M. G. Cox, The evaluation of key comparison data: determining the largest consistent subset, "
    "Metrologia 44 (2007) 187–200",
    "Birge 1932": "R. T. Birge, The calculation of errors by the method of least squares, Phys. Rev. 40 (1932) 207–227",
    "Müller 2000": "J. W. Müller, Possible advantages of a robust evaluation of comparisons, "
    "J. Res. Natl. Inst. Stand. Technol. 105 (2000) 551–555",
    "DerSimonian & Laird 1986": "R. DerSimonian, N. Laird, Meta-analysis in clinical trials, "
    "Control. Clin. Trials 7 (1986) 177–188",
    "Paule & Mandel 1982": "R. C. Paule, J. Mandel, Consensus values and weighting factors, "
    "J. Res. Natl. Bur. Stand. 87 (1982) 377–385",
    "Delahaye and Witt 2002": "F. Delahaye, T. J. Witt, Linking the results of key comparison CCEM-K4 with the 10 pF "
    "results of EUROMET.EM-K4, Metrologia 39 (2002) Tech. Suppl. 01005",
    "Clopper & Pearson 1934": "C. J. Clopper, E. S. Pearson, The use of confidence or fiducial limits illustrated in "
    "the case of the binomial, Biometrika 26 (1934) 404–413",
}


def whole_papers(document: str) -> str:
    """The document with each paper named so that a library finds it: authors, title, journal, volume and pages."""
    for short, paper in _PAPERS.items():
        document = document.replace(short, paper)
    return document


def uncertainty(request: Keys, answer: Keys) -> str:
    """The law of propagation or the propagation of distributions, regions and validation where they were used."""
    found = [_UNCERTAINTY[str(answer["method"])]]
    if answer.get("regions"):
        found.append("JCGM 102:2011, 7.7" if answer["method"] == "mc" else "JCGM 102:2011, 6.5")
    if answer.get("validation"):
        found.append("JCGM 101:2008, 8.1")
    return "; ".join(found)


def conformity(request: Keys, answer: Keys) -> str:
    """The document of the rule, conformance probability and global risks."""
    found = [str(answer["rule"]["document"])]
    found += ["JCGM 106:2012, 7"] if answer.get("p_conform") is not None else []
    found += ["JCGM 106:2012, 9.3 to 9.5"] if answer.get("global") else []
    return "; ".join(dict.fromkeys(part for part in found if part))


def calibration(request: Keys, answer: Keys) -> str:
    """The clause by which errors were stated; ISO 6143 for other functions than the line."""
    if answer["model"] != "line":
        return "ISO 6143:2001, 5.2, 6.3"
    in_x = any(key in request for key in ("u_x", "cov_x"))
    if not in_x and not any(key in request for key in ("u_y", "cov_y")):
        return "ISO/TS 28037:2010, annex E, 11"
    if "cov_x" not in request and "cov_y" not in request and _diagonal(request.get("cov_xy")):
        return "ISO/TS 28037:2010, 8, 11"
    if any(key in request for key in ("cov_x", "cov_xy")):
        return "ISO/TS 28037:2010, 10, 11"
    if "cov_y" in request:
        return "ISO/TS 28037:2010, 10, 11" if in_x else "ISO/TS 28037:2010, 9, 11"
    return "ISO/TS 28037:2010, 7, 11" if in_x else "ISO/TS 28037:2010, 6, 11"


def _diagonal(rows: Any) -> bool:
    """Whether a covariance of x with y joins only the two values of each point."""
    return bool(rows) and all(not float(v) for i, row in enumerate(rows) for j, v in enumerate(row) if i != j)


def comparison(request: Keys, answer: Keys) -> str:
    """The document of the reference value, degrees of equivalence, and linking."""
    link = "; Delahaye and Witt 2002" if "link" in answer else ""
    return whole_papers(f"{answer['document']}; CIPM MRA, T.3{link}")


def own(request: Keys, answer: Keys) -> str:
    """The document that the answer names itself."""
    return whole_papers(str(answer["document"]))


def standard_check(request: Keys, answer: Keys) -> str:
    """The clause of the check."""
    return _CHECKS[str(answer["kind"])]


def by_law(request: Keys, answer: Keys) -> str:
    """The editions of the tables that were used."""
    rows = answer.get("law") or ()
    return "; ".join(dict.fromkeys(str(row["edition"]) for row in rows if row.get("edition")))


def emission(request: Keys, answer: Keys) -> str:
    """The formula, the law of propagation and the editions of the factors."""
    editions = by_law(request, answer)
    return "E = AD × EF; JCGM 100:2008, 5.1.2, 5.2.2" + (f"; {editions}" if editions else "")
