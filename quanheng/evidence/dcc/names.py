"""Namespaces of the DCC family; prefixes are never relied on when reading."""

from __future__ import annotations

DCC = "https://ptb.de/dcc"
SI = "https://ptb.de/si"
DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"

ROOT = f"{{{DCC}}}digitalCalibrationCertificate"
SIGNATURE = f"{{{DS}}}Signature"

# refTypes of our own, announced in refTypeDefinitions; see docs/certificates-format.md
OWN_PREFIX = "qh"
OWN_NAMESPACE = "urn:quanheng:reftype:1"

SOFTWARE_NAME = "Quanheng"

NBSP = "\u00a0"  # XML lists split at blanks; this one survives and is shown as a blank


def local(tag: object) -> str:
    """The name of an element without its namespace; empty for comments and instructions."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace(tag: object) -> str:
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""
