"""The log that outsiders can check: RFC 6962 trees, C2SP tiles, notes, checkpoints and proofs.

Pure, and strict: one byte string is one value, and what is not exactly right is an error.
"""
