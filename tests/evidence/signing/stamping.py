"""A time-stamping authority, revocation lists and OCSP answers for tests: small, real, made on the spot."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from quanheng.evidence.signing.authority import Authority


class StampAuthority:
    """Stamps with a certificate of an authority; ``time`` is the clock it believes in."""

    def __init__(self, root: Authority, time: datetime, *, usage: x509.ObjectIdentifier | None = None) -> None:
        self.root, self.time = root, time
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "时间戳服务")])
        begin = root.certificate.not_valid_before_utc
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(root.certificate.subject)
        builder = builder.public_key(self.key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=7000))
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(
            x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True
        )
        usage = usage or ExtendedKeyUsageOID.TIME_STAMPING
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        identifier = root.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        self.certificate = builder.sign(root.key, hashes.SHA256())

    def token(self, imprint: bytes, nonce: int | None = None) -> bytes:
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.2.3.4",
                "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": imprint},
                "serial_number": 7,
                "gen_time": self.time.astimezone(UTC),
                **({"nonce": nonce} if nonce is not None else {}),
            }
        ).dump()
        der = self.certificate.public_bytes(Encoding.DER)
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
                cms.CMSAttribute(
                    {
                        "type": "signing_certificate_v2",
                        "values": [{"certs": [{"cert_hash": hashlib.sha256(der).digest()}]}],
                    }
                ),
            ]
        )
        own = asn1_x509.Certificate.load(der)
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    {"issuer_and_serial_number": {"issuer": own.issuer, "serial_number": own.serial_number}}
                ),
                "digest_algorithm": {"algorithm": "sha256"},
                "signed_attrs": attributes,
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
                "signature": self.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
            }
        )
        signed = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [{"algorithm": "sha256"}],
                "encap_content_info": {"content_type": "tst_info", "content": cms.ParsableOctetString(info)},
                "certificates": [cms.CertificateChoices({"certificate": own})],
                "signer_infos": [signer],
            }
        )
        return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())

    def stamp(self, data: bytes) -> bytes:
        return self.token(hashlib.sha256(data).digest())

    def respond(self, request: bytes) -> bytes:
        asked = tsp.TimeStampReq.load(request)
        token = self.token(asked["message_imprint"]["hashed_message"].native, asked["nonce"].native)
        content = cms.ContentInfo.load(token)
        return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": content}).dump())


@contextmanager
def serving(answer: object) -> Iterator[str]:
    """An HTTP server on the loopback that answers each request by ``answer(body)``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = answer(self.rfile.read(int(self.headers["Content-Length"])))  # type: ignore[operator]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_crl(root: Authority, *, revoked: x509.Certificate | None, on: datetime) -> x509.CertificateRevocationList:
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.certificate.subject)
    builder = builder.last_update(on).next_update(on + timedelta(days=30))
    if revoked is not None:
        entry = x509.RevokedCertificateBuilder().serial_number(revoked.serial_number).revocation_date(on).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(root.key, hashes.SHA256())


def make_ocsp(
    root: Authority, certificate: x509.Certificate, *, revoked_on: datetime | None, at: datetime
) -> ocsp.OCSPResponse:
    state = ocsp.OCSPCertStatus.GOOD if revoked_on is None else ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificate,
        issuer=root.certificate,
        algorithm=hashes.SHA256(),
        cert_status=state,
        this_update=at,
        next_update=at + timedelta(days=7),
        revocation_time=revoked_on,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, root.certificate)
    return builder.sign(root.key, hashes.SHA256())
