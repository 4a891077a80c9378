"""What is sent to others is signed under a token that only the two know."""

from __future__ import annotations

import hashlib
import hmac


def signature(token: str, body: bytes) -> str:
    """Give the signature of a body: HMAC with SHA-256 under the receiver's own token, in hex."""
    return "sha256=" + hmac.new(token.encode(), body, hashlib.sha256).hexdigest()
