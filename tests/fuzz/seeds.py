"""Writes the seeds of the corpus: small, valid inputs of every target. ``python -m tests.fuzz.seeds``

A crash that was mended leaves its input beside them, under a name that says what it was.
"""

from __future__ import annotations

import base64
import tempfile
import zlib
from pathlib import Path

from quanheng.evidence.bundle import Bundle, write_bundle
from quanheng.evidence.ledger import Log, leaf, leaf_hash, write_status
from quanheng.evidence.ledger.tiles import pack_entries
from quanheng.evidence.signing.authority import Authority
from quanheng.evidence.signing.xades import sign_xml
from tests.fuzz.targets import AT, LOG, WITNESS

CORPUS = Path(__file__).parent / "corpus"
DCC = """<dcc:digitalCalibrationCertificate xmlns:dcc="https://ptb.de/dcc" xmlns:si="https://ptb.de/si" schemaVersion="3.3.0">
<dcc:administrativeData><dcc:dccSoftware><dcc:software><dcc:name><dcc:content>x</dcc:content></dcc:name><dcc:release>1</dcc:release></dcc:software></dcc:dccSoftware>
<dcc:coreData><dcc:countryCodeISO3166_1>CN</dcc:countryCodeISO3166_1><dcc:usedLangCodeISO639_1>zh</dcc:usedLangCodeISO639_1><dcc:mandatoryLangCodeISO639_1>zh</dcc:mandatoryLangCodeISO639_1><dcc:uniqueIdentifier>N-1</dcc:uniqueIdentifier><dcc:beginPerformanceDate>2026-01-01</dcc:beginPerformanceDate><dcc:endPerformanceDate>2026-01-02</dcc:endPerformanceDate><dcc:performanceLocation>laboratory</dcc:performanceLocation></dcc:coreData>
<dcc:items><dcc:item id="i1"><dcc:name><dcc:content lang="zh">秤</dcc:content></dcc:name><dcc:identifications><dcc:identification><dcc:issuer>manufacturer</dcc:issuer><dcc:value>7</dcc:value></dcc:identification></dcc:identifications></dcc:item></dcc:items>
<dcc:calibrationLaboratory><dcc:contact><dcc:name><dcc:content>L</dcc:content></dcc:name><dcc:location><dcc:city>C</dcc:city></dcc:location></dcc:contact></dcc:calibrationLaboratory>
<dcc:respPersons><dcc:respPerson><dcc:person><dcc:name><dcc:content>P</dcc:content></dcc:name></dcc:person></dcc:respPerson></dcc:respPersons>
<dcc:customer><dcc:name><dcc:content>K</dcc:content></dcc:name><dcc:location><dcc:city>C</dcc:city></dcc:location></dcc:customer></dcc:administrativeData>
<dcc:measurementResults><dcc:measurementResult><dcc:name><dcc:content>R</dcc:content></dcc:name><dcc:results><dcc:result refType="gp_measuringResult1"><dcc:name><dcc:content>r</dcc:content></dcc:name><dcc:data><dcc:list>
<dcc:quantity refType="basic_measuredValue" refId="i1"><si:realListXMLList><si:valueXMLList>1.0 2.0</si:valueXMLList><si:unitXMLList>\\kilogram</si:unitXMLList><si:expandedUncXMLList><si:uncertaintyXMLList>0.1</si:uncertaintyXMLList><si:coverageFactorXMLList>2</si:coverageFactorXMLList><si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList></si:expandedUncXMLList></si:realListXMLList></dcc:quantity>
<dcc:quantity><si:real><si:value>3.10</si:value><si:unit>\\degreeCelsius</si:unit><si:expandedUnc><si:uncertainty>0.1</si:uncertainty><si:coverageFactor>2</si:coverageFactor><si:coverageProbability>0.95</si:coverageProbability></si:expandedUnc></si:real></dcc:quantity>
</dcc:list></dcc:data></dcc:result></dcc:results></dcc:measurementResult></dcc:measurementResults></dcc:digitalCalibrationCertificate>"""


def pdf_with(attachment: bytes, *, name: str = "dcc.xml") -> bytes:
    """The smallest PDF that carries a compressed file."""
    packed = zlib.compress(attachment, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a)3 0 R]>>>>>>",
        b"<</Type/Pages/Kids[5 0 R]/Count 1>>",
        b"<</Type/Filespec/F(%s)/UF(%s)/EF<</F 4 0 R>>>>" % (name.encode(), name.encode()),
        b"<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def make() -> dict[str, list[bytes]]:
    """Seeds of every target."""
    with tempfile.TemporaryDirectory() as name:
        authority = Authority.create(Path(name) / "ca", "Fuzz", at=AT)
        seal = authority.issue_seal(Path(name) / "seal", "Fuzz", at=AT)
        xml = DCC.encode()
        signed = sign_xml(xml, seal, AT)
        pdf = pdf_with(signed)
        entry = leaf("certificate_issued", "a" * 64, "b" * 64, None, AT)
        log = Log(Path(name) / "log", LOG)
        log.append([entry, *[leaf("results_sealed", f"{n:064x}", None, None, AT) for n in range(6)]])
        proof = log.inclusion_proof(0)
        checkpoint = WITNESS.cosign(log.checkpoint(), 1_800_000_000)
        status = write_status(LOG, leaf_hash(entry), "issued", AT)
        packed = write_bundle(Bundle(b"<a/>", b"%PDF-1.7", entry, 0, tuple(proof), checkpoint, status))
        tile = next((Path(name) / "log" / "tile" / "0").rglob("7")).read_bytes()
    keys = f"# c\nlog {LOG.verifier.line}\nwitness w {WITNESS.verifier.line}\ngroup g any w\nquorum g\n".encode()
    request = b"old 0\n\n" + checkpoint.encode()
    hashes = b"old 3\n" + b"".join(base64.b64encode(item) + b"\n" for item in proof) + b"\n" + checkpoint.encode()
    return {
        "dcc_show": [xml],
        "dcc_validate": [xml],
        "dcc_verify": [signed, pdf],
        "verify_xml": [signed[1:]],
        "verify_pdf": [pdf[5:]],
        "verify_bundle": [packed[1:]],
        "bundle": [packed],
        "note": [checkpoint.encode(), status.encode()],
        "leaf": [entry],
        "keys": [keys, f"{LOG.verifier.line}\n".encode()],
        "tiles": [b"\x01" + tile, b"\x01" + pack_entries([entry] * 37)],
        "witness": [request, hashes],
    }


def main() -> None:
    """Write them where the suite finds them."""
    for target, seeds in make().items():
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds):
            (CORPUS / target / f"seed{number}").write_bytes(seed)


if __name__ == "__main__":
    main()
