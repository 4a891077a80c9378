"""What the names of a JSON-LD document mean: its contexts, without asking the network for any.

Source: JSON-LD 1.1, sections 3.1, 3.2 and 4.1.2 (contexts, prefixes, default vocabulary); the EPCIS 2.0
context, whose prefixes are built in. Names become ``{namespace}local``, as XML has them.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from rxtrail.core.epcis import namespaces, refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

    import msgspec

    from rxtrail.core.epcis.notes import Notes

BUILT_IN = {
    "epcis": namespaces.EPCIS,
    "cbv": namespaces.CBV,
    "cbvmda": namespaces.CBVMDA,
    "gs1": namespaces.GS1_VOC,
    "gs1ushc": namespaces.USHC,
    "sbdh": namespaces.SBDH,
    "rdfs": namespaces.RDFS,
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "xsi": namespaces.XSI,
    "dcterms": "http://purl.org/dc/terms/",
}
_PREFIX = re.compile(r"[A-Za-z_][-.\w]*", re.ASCII)
_NAMES_REMEMBERED = 4096
_PREFIXES_MAX = 64
# The whole context of EPCIS written out has some 300.
_TERMS_MAX = 2000


class Names:
    """The names in force at one place of a document."""

    def __init__(self, notes: Notes, terms: dict[str, str] | None = None, default: str = "") -> None:
        """Start with the prefixes of EPCIS's own context."""
        self._notes = notes
        self._terms = BUILT_IN if terms is None else terms
        self._default = default
        self._keys: dict[str, str] = {}
        self._unknown: set[str] = set()
        # The prefixes that a document declares for itself may shorten identifiers, too.
        own = (prefix + ":" for prefix in self._terms if prefix not in BUILT_IN)
        self._own = tuple(islice(own, _PREFIXES_MAX))
        self._own_bytes = tuple(b'"' + prefix.encode() for prefix in self._own)

    def within(self, context: Any) -> Names:  # noqa: ANN401 -- a context is a text, a mapping, or a list of them
        """Give the names in force under a further ``@context``; one that must be fetched adds none.

        Raises BadDocument for one with more terms than any vocabulary needs.
        """
        terms, default = dict(self._terms), self._default
        for each in context if isinstance(context, list) else [context]:
            if not isinstance(each, dict):
                continue
            for name, meaning in each.items():
                iri = meaning.get("@id") if isinstance(meaning, dict) else meaning
                if not isinstance(iri, str):
                    continue
                if name == "@vocab":
                    default = self._iri(iri, terms)
                elif not name.startswith("@"):
                    terms[name] = self._iri(iri, terms)
            if len(terms) > _TERMS_MAX:
                raise refusals.too_large("a @context", _TERMS_MAX, "terms", "/@context")
        return self if terms == self._terms and default == self._default else Names(self._notes, terms, default)

    def prefixes(self) -> dict[str, str]:
        """Give the prefixes that the document itself declares, by namespace."""
        found: dict[str, str] = {}
        for prefix in self._own:
            name, iri = prefix[:-1], self._terms[prefix[:-1]]
            if _PREFIX.fullmatch(name) and not name.lower().startswith("xml") and ":" in iri:
                namespace = namespaces.one_name(iri)
                if not namespaces.is_epcis(namespace):
                    found.setdefault(namespace, name)
        return found

    def key(self, name: str) -> str:
        """Give the ``{namespace}local`` of a name; an unknown prefix stays as written, with a finding."""
        found = self._keys.get(name)
        if found is None:
            found = self._key(name)
            if len(self._keys) < _NAMES_REMEMBERED:
                self._keys[name] = found
        return found

    def identifiers(self, texts: list[str]) -> list[str]:
        """Expand identifiers in compact form (``prefix:rest``) where the document declares the prefix."""
        if not self._own:
            return texts
        joined = "\n" + "\n".join(texts)
        if not any("\n" + prefix in joined for prefix in self._own):
            return texts
        return [self._iri(text, self._terms) for text in texts]

    def text(self, text: str) -> str:
        """Expand a text that is one compact name, as the event hash of CBV 2.0 needs it; others stay."""
        return self._iri(text, self._terms) if text.startswith(self._own) and " " not in text else text

    def are_compact_in(self, text: bytes | msgspec.Raw) -> bool:
        """Tell whether a text may hold a name or identifier with a prefix of the document's own."""
        if not self._own_bytes:
            return False
        written = bytes(text)
        return any(prefix in written for prefix in self._own_bytes)

    def _key(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        if name.startswith("@"):
            # With a prefix it is what an XML attribute becomes, without one a word of JSON-LD itself.
            return "@" + self._key(name[1:]) if colon else name
        if not colon:
            iri = self._terms.get(name, "") if name not in BUILT_IN else ""
            return split_iri(iri) if iri else namespaces.join(namespaces.one_name(self._default), name)
        if name in self._terms:
            return split_iri(self._terms[name])
        if local.startswith("//") or prefix == "urn":
            return split_iri(name)
        if prefix in self._terms and local:
            return namespaces.key(namespaces.join(self._terms[prefix], local))
        if prefix not in self._unknown and len(self._unknown) < _NAMES_REMEMBERED:
            self._unknown.add(prefix)
            message = f"no @context declares the prefix {prefix[:80]!r}; its names are kept as written"
            self._notes.add("warning", "INVALID_EXTENSION_NAMESPACE", message)
        return name

    def _iri(self, text: str, terms: dict[str, str]) -> str:
        return expanded(text, terms)


def expanded(text: str, terms: Mapping[str, str]) -> str:
    """Give the IRI of a compact one (``prefix:rest``); any other text stays."""
    prefix, colon, local = text.partition(":")
    if not colon or local.startswith("//") or prefix not in terms:
        return text
    return terms[prefix] + local


def split_iri(iri: str) -> str:
    """Give the ``{namespace}local`` of an absolute IRI, parted after its last delimiter."""
    cut = max(iri.rfind("#"), iri.rfind("/")) + 1 or iri.rfind(":") + 1
    namespace, local = iri[:cut], iri[cut:]
    return namespaces.key(namespaces.join(namespace, local)) if local else iri
