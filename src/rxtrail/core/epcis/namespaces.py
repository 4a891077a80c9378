"""Namespaces of EPCIS documents, and the ``{namespace}local`` keys that extensions are kept under.

Source: EPCIS 2.0, clauses 7.1 and 9; CBV 2.0, section 9.2 (``urn:epcglobal:cbv:mda``); GS1 US, Applying GS1
Standards for DSCSA and Traceability, R1.2 and R1.3 (``http://epcis.gs1us.org/hc/ns``).
"""

from __future__ import annotations

from functools import lru_cache

CBVMDA = "urn:epcglobal:cbv:mda"
USHC = "http://epcis.gs1us.org/hc/ns"
SBDH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
EPCIS = "https://ref.gs1.org/epcis/"
CBV = "https://ref.gs1.org/cbv/"
GS1_VOC = "https://gs1.org/voc/"
OWN = "urn:rxtrail:ext"  # of this program: what it adds to events, or must give another name

# XML schemas number their versions, JSON-LD contexts end in a delimiter: one namespace each all the same.
_ONE_NAME = {name: name for name in (CBVMDA, USHC, SBDH)}


@lru_cache(maxsize=1024)
def one_name(namespace: str) -> str:
    """Give one spelling for the namespaces that are written with and without a delimiter at the end."""
    return _ONE_NAME.get(namespace.rstrip("/#:"), namespace)


@lru_cache(maxsize=4096)
def is_epcis(namespace: str) -> bool:
    """Tell whether it is EPCIS's own, any version (1, 2, query, master data, the RDF vocabulary), or none."""
    return not namespace or namespace.startswith(("urn:epcglobal:epcis", "https://ref.gs1.org/epcis"))


@lru_cache(maxsize=4096)
def split(tag: str) -> tuple[str, str]:
    """Take ``{namespace}local`` apart; the namespace is empty when there is none."""
    if tag[:1] == "{":
        namespace, _, local = tag[1:].partition("}")
        return namespace, local
    return "", tag


def join(namespace: str, local: str) -> str:
    """Give the key of a name in a namespace."""
    return f"{{{namespace}}}{local}" if namespace else local


@lru_cache(maxsize=4096)
def key(tag: str) -> str:
    """Give the key of an XML name: EPCIS's own namespace left out, known ones in their one spelling."""
    namespace, local = split(tag)
    return local if is_epcis(namespace) else join(one_name(namespace), local)
