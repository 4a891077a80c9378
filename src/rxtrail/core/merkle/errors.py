"""What can be wrong with a part of a log."""

from __future__ import annotations

from rxtrail.errors import RxtrailError


class BadProof(RxtrailError):
    """A proof that does not prove what it claims, or that cannot be read."""

    code = "bad-proof"


class BadTile(RxtrailError):
    """A tile or entry bundle that is not whole, or is not what the tree commits to."""

    code = "bad-tile"


class BadNote(RxtrailError):
    """A signed note or checkpoint that cannot be read, or that nobody signed whom we trust."""

    code = "bad-note"


class BadKey(RxtrailError):
    """A text that is no verifier key of a log or a cosigner."""

    code = "bad-key"


class BadPolicy(RxtrailError):
    """A trust policy that cannot be read."""

    code = "bad-policy"


class BadEntry(RxtrailError):
    """Bytes that are not a log entry, or an opening that is not of that entry."""

    code = "bad-entry"
