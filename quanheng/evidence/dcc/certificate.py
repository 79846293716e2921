"""What reading a DCC yields: plain values, as written, for showing and for import."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

# texts by language; "" where the file names none
Texts = dict[str, str]


@dataclass(frozen=True)
class Hash:
    """A reference to another report: what it is, its number, how its hash was made and the hash."""

    referral: Texts
    number: str
    procedure: str
    value: str
    description: Texts = field(default_factory=dict)
    in_validity_range: bool | None = None
    traceable: bool | None = None


@dataclass(frozen=True)
class Identifier:
    issuer: str
    value: str
    name: Texts
    ref_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Uncertainty:
    """As stated; k and p stay None where the file does not give them. ``kind`` is expanded, standard, interval or
    relative, and only the last has units of its own.
    """

    kind: str
    values: tuple[str, ...]
    k: tuple[str, ...] | None = None
    p: tuple[str, ...] | None = None
    distribution: tuple[str, ...] | None = None
    low: tuple[str, ...] | None = None
    high: tuple[str, ...] | None = None
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quantity:
    """One value or one column of values with its unit.

    Of a complex one ``values`` are the real parts and ``imaginary`` the others; where ``polar``, magnitudes and phases.
    ``others`` restate it in other units (hybrid); ``unread`` names statements of uncertainty that are not taken apart.
    """

    name: Texts
    ref_types: tuple[str, ...]
    kind: str
    values: tuple[str, ...]
    units: tuple[str, ...] = ()
    uncertainty: Uncertainty | None = None
    label: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    conformity: tuple[str, ...] = ()
    words: Texts = field(default_factory=dict)
    id: str = ""
    relative: Uncertainty | None = None
    imaginary: tuple[str, ...] = ()
    imaginary_units: tuple[str, ...] = ()
    polar: bool = False
    others: tuple[Quantity, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """The quantities of one list, side by side; ``times`` of the rows where the list states them."""

    name: Texts
    ref_types: tuple[str, ...]
    columns: tuple[Quantity, ...]
    times: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attachment:
    """A file inside the certificate: named and measured, never opened."""

    name: str
    mime: str
    base64_characters: int


@dataclass(frozen=True)
class Result:
    name: Texts
    description: Texts
    ref_types: tuple[str, ...]
    tables: tuple[Table, ...]
    texts: tuple[Texts, ...] = ()
    formulas: tuple[str, ...] = ()
    files: tuple[Attachment, ...] = ()
    # names of foreign XML (dcc:xml) that is kept and not understood
    foreign: tuple[str, ...] = ()
    # conditions stated for single quantities of the result
    influences: tuple[Influence, ...] = ()


@dataclass(frozen=True)
class Contact:
    name: Texts
    email: str = ""
    phone: str = ""
    location: tuple[str, ...] = ()
    country: str = ""


@dataclass(frozen=True)
class Item:
    name: Texts
    description: Texts
    manufacturer: Texts
    model: str
    identifications: tuple[Identifier, ...]
    quantities: tuple[Quantity, ...] = ()
    id: str = ""


@dataclass(frozen=True)
class Equipment:
    name: Texts
    ref_types: tuple[str, ...]
    manufacturer: Texts
    model: str
    identifications: tuple[Identifier, ...]
    certificate: Hash | None = None
    quantities: tuple[Quantity, ...] = ()
    id: str = ""


@dataclass(frozen=True)
class Method:
    name: Texts
    description: Texts
    norms: tuple[str, ...]
    references: tuple[str, ...]
    ref_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Influence:
    name: Texts
    description: Texts
    ref_types: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    status: str = ""
    texts: tuple[Texts, ...] = ()


@dataclass(frozen=True)
class Measurement:
    name: Texts
    methods: tuple[Method, ...]
    equipment: tuple[Equipment, ...]
    influences: tuple[Influence, ...]
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Person:
    name: Texts
    role: str
    main_signer: bool
    description: Texts = field(default_factory=dict)
    ref_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    name: Texts
    ref_types: tuple[str, ...]
    declaration: Texts
    norms: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    date: str = ""
    conformity: tuple[str, ...] = ()
    valid: tuple[str, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    convention: str = ""
    traceable: bool | None = None
    period: str = ""
    non_si: str = ""


@dataclass(frozen=True)
class Software:
    name: Texts
    release: str
    description: Texts = field(default_factory=dict)
    ref_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Core:
    unique_identifier: str = ""
    country: str = ""
    languages: tuple[str, ...] = ()
    mandatory_languages: tuple[str, ...] = ()
    begin: str = ""
    end: str = ""
    issued: str = ""
    received: str = ""
    place: str = ""
    identifications: tuple[Identifier, ...] = ()
    replaces: str = ""
    type_of_change: str = ""
    previous: Hash | None = None


@dataclass(frozen=True)
class Certificate:
    """A DCC of any version from 2.3 to 3.3, as far as it could be read."""

    version: str
    core: Core
    software: tuple[Software, ...]
    items: tuple[Item, ...]
    laboratory: Contact | None
    laboratory_code: str
    people: tuple[Person, ...]
    customer: Contact | None
    statements: tuple[Statement, ...]
    measurements: tuple[Measurement, ...]
    comment: str = ""
    attachments: tuple[Attachment, ...] = ()
    signatures: int = 0

    @property
    def conformity(self) -> tuple[str, ...]:
        return tuple(value for s in self.statements for value in s.conformity)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "conformity": list(self.conformity)}

    def identification(self, ref_type: str) -> str | None:
        """The value of a core identification of ours, such as qh_recordSha256."""
        return next((i.value for i in self.core.identifications if ref_type in i.ref_types), None)


def pick(texts: Texts, *languages: str) -> str:
    """The text in the first language present, else the first there is."""
    for language in (*languages, "en", ""):
        if texts.get(language):
            return texts[language]
    return next(iter(texts.values()), "")
