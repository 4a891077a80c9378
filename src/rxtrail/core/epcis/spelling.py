"""How identifiers and words are spelt when an event is written: as they came, as URNs, or as Digital Links.

Source: EPCIS 2.0 (GS1, 2022), clause 12.2 (``GS1-EPC-Format``, ``GS1-CBV-XML-Format``); CBV 2.0, section 7 (words);
EPC Tag Data Standard 2.0, section 6 (URNs need the length of the company prefix, which a link does not tell).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from rxtrail.core.epcis import vocabulary
from rxtrail.core.gs1 import company_prefix, epc
from rxtrail.core.gs1.digital_link import STEM
from rxtrail.core.gs1.identifier import split
from rxtrail.errors import BadIdentifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rxtrail.core.gs1.runs import EpcRun

EpcFormat: TypeAlias = Literal["as-written", "urn", "digital-link"]
WordFormat: TypeAlias = Literal["urn", "uri"]

EPC_FORMATS: tuple[EpcFormat, ...] = ("as-written", "urn", "digital-link")
_URN = "urn:epc:"
_LEADING_DIGITS = re.compile("[0-9]*")
_REMEMBERED = 8192
_UNTRANSLATED_KEPT = 20


class Spelling:
    """Spells the identifiers and words of one document; remembers what could not be translated."""

    def __init__(
        self, epc_format: EpcFormat = "as-written", words: WordFormat = "urn", own_prefixes: Iterable[str] = ()
    ) -> None:
        """Take the forms wanted; ``own_prefixes`` are company prefixes known for sure."""
        self.epc_format = epc_format
        self.words = words
        self._own = tuple(own_prefixes)
        self._links: dict[str, str] = {}
        self._urns: dict[str, str] = {}
        # How the identifiers of a run begin, by key and form: many runs have one serial each.
        self._starts: dict[tuple[str, str], str] = {}
        self._lengths: dict[str, int] = {}
        # Identifiers that no URN can be made of, kept as links: some of them, and how many there were.
        self.untranslated: list[str] = []
        self.untranslated_count = 0
        # Identifiers that a list names again, in the spelling wanted, and one of them; looked for where it is told.
        self.looks_for_repeated = False
        self.repeated = ""
        self.repeated_count = 0

    def identifier(self, canonical: str, forms: Mapping[str, str]) -> str:
        """Spell one identifier; ``forms`` tells how the event wrote it. What is no GS1 key stays as it is."""
        written = forms.get(canonical)
        if self.epc_format == "as-written":
            return written or self._link(canonical)
        if self.epc_format == "urn":
            return written if written is not None and written.startswith(_URN) else self._urn(canonical)
        if written is not None and written.startswith(("http://", "https://")):
            return written
        return self._link(canonical)

    def text(self, written: str) -> str:
        """Spell an identifier that an event keeps as written (a device, say); any other text stays."""
        if self.epc_format == "as-written" or not written.startswith((_URN, "http://", "https://")):
            return written
        canonical = epc.canonical(written)
        return written if canonical == written else self.identifier(canonical, {canonical: written})

    def runs(self, runs: Iterable[EpcRun]) -> list[str]:
        """Spell a list of identifiers.

        Two spellings of one pack may become the same. Both stay, as the event hash counts what is listed; it is noted.
        """
        out: list[str] = []
        for run in runs:
            out += self._run(run)
        if self.looks_for_repeated and len(out) > 1 and len(set(out)) < len(out):
            self._note_repeated(out)
        return out

    def word(self, short: str, kind: str) -> str:
        """Spell a word of the vocabulary for XML: a URN or a web URI; others stay as they are."""
        if self.words == "uri" or kind == vocabulary.COMPONENT:
            return vocabulary.uri(kind, short)
        return vocabulary.urn(kind, short)

    def _run(self, run: EpcRun) -> list[str]:
        serials = run.serials
        if not run.key or not serials:
            return serials
        # Many runs have one serial each; the start that they share is spelt once.
        plain = (
            len(serials) == 1 and run.key.endswith(("/21/", "/10/")) and serials[0].isalnum() and serials[0].isascii()
        )
        if plain and (start := self._starts.get((run.key, run.form))):
            return [start + serials[0]]
        written = self._spelt(run)
        if plain and written is not None and len(self._starts) < _REMEMBERED:
            self._starts[run.key, run.form] = written[0][: -len(serials[0])]
        if written is None:
            self._note(run.key + serials[0], len(serials))
            written = epc.write_run(type(run)(run.key, serials, run.form or STEM))
        return written

    def _spelt(self, run: EpcRun) -> list[str] | None:
        """Spell a run as it is wanted; None when it has no URN and one is wanted."""
        form = run.form
        is_urn = form[:1].isdigit()
        if self.epc_format == "urn" and not is_urn:
            length = self._prefix_length(run.key + run.serials[0])
            if not length:
                return None
            try:
                return epc.write_run(type(run)(run.key, run.serials, str(length)))
            except BadIdentifier:
                return None
        if not form or (self.epc_format == "digital-link" and is_urn):
            form = STEM
        return epc.write_run(type(run)(run.key, run.serials, form))

    def _link(self, canonical: str) -> str:
        found = self._links.get(canonical)
        if found is None:
            found = epc.to_digital_link(canonical) if split(canonical) is not None else canonical
            if len(self._links) < _REMEMBERED:
                self._links[canonical] = found
        return found

    def _urn(self, canonical: str) -> str:
        found = self._urns.get(canonical)
        if found is not None:
            return found
        if split(canonical) is None:
            return canonical
        length = self._prefix_length(canonical)
        try:
            if not length:
                raise BadIdentifier(canonical)
            found = epc.to_urn(canonical, length)
        except BadIdentifier:
            self._note(canonical, 1)
            return self._link(canonical)
        if len(self._urns) < _REMEMBERED:
            self._urns[canonical] = found
        return found

    def _prefix_length(self, canonical: str) -> int:
        """Give the length of the company prefix that an identifier begins with; 0 when nobody knows."""
        ai, _, rest = canonical.partition("/")
        value = rest.partition("/")[0]
        match ai:
            case "00" | "01":
                digits = value
            case "8006":
                digits = value[:14]
            case "8003":
                digits = value[1:13]
            case _:
                digits = _LEADING_DIGITS.match(value)[0][:12]  # type: ignore[index]  # it matches anything
        known = self._lengths.get(digits)
        if known is None:
            known = company_prefix.length_of(digits, self._own) or 0
            if len(self._lengths) < _REMEMBERED:
                self._lengths[digits] = known
        return known

    def _note_repeated(self, out: list[str]) -> None:
        seen: set[str] = set()
        for each in out:
            if each in seen:
                self.repeated = self.repeated or each
                self.repeated_count += 1
            seen.add(each)

    def _note(self, canonical: str, count: int) -> None:
        self.untranslated_count += count
        if len(self.untranslated) < _UNTRANSLATED_KEPT and canonical not in self.untranslated:
            self.untranslated.append(canonical)
