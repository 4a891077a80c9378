"""Every limit of the web floor, by name; a request past one is told which."""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

REQUEST_BYTES_MAX: Final = 64 * KIB
"""The body of a request about one pack; a full GS1 symbol holds at most 3,116 digits."""

TABLE_BYTES_MAX: Final = 16 * MIB
"""A partner table or a count-in: about 200,000 rows."""

DOCUMENT_BYTES_MAX: Final = 8 * 1024 * MIB
"""One EPCIS document; it is streamed, so this bounds the disk and not the memory."""

VALIDATE_BYTES_MAX: Final = 256 * MIB
"""A document to be validated only; past 8 MiB it waits on disk while that is done."""

HEADER_BYTES_MAX: Final = 32 * KIB
"""The request line and all header fields together."""

HEADER_SECONDS_MAX: Final = 10.0
"""From the first byte of a request to the end of its header."""

BODY_GRACE_SECONDS: Final = 10.0
"""How long a body may take before its speed is looked at."""

BODY_BYTES_PER_SECOND_MIN: Final = 1 * KIB
"""A body that comes slower than this, after the grace, is cut off."""

ANSWER_SECONDS_MAX: Final = 15.0
"""A read of the record that takes longer is answered 503."""

CHANGE_SECONDS_MAX: Final = 30.0
"""A write that takes longer is answered 503; the same Idempotency-Key then finds out what became of it."""

UPLOAD_SECONDS_MAX: Final = 4 * 3600.0
"""One document, from its first byte until it is accepted, or with ``?wait=1`` applied."""

STALL_SECONDS_MAX: Final = 60.0
"""A reader of an export who takes nothing for so long has gone."""

WORKERS_MAX: Final = 8
WAITING_MAX: Final = 64
QUERIES_MAX: Final = 3
QUERIES_EACH_MAX: Final = 2
"""So many queries of one site key run at once; the last thread is always for somebody else."""

WAITING_EACH_MAX: Final = 16
"""So many more of one site key wait."""

LOG_READS_MAX: Final = 2
LOG_WAITING_MAX: Final = 512
"""Who reads the public log asks for many small files at once; it may not take threads from the counter."""

PUBLIC_MAX: Final = 4
PUBLIC_WAITING_MAX: Final = 64
"""Patients have threads of their own: they wait for no query, and no counter waits for them."""

UPLOADS_MAX: Final = 4
STREAMS_MAX: Final = 4
CONNECTIONS_MAX: Final = 512

RETRY_SECONDS: Final = 2
"""What ``Retry-After`` says."""

CHUNK_BYTES: Final = 64 * KIB
"""Streams are handed on in pieces of at least this, so that a thread hop is not paid per row."""

PAGE_ROWS_DEFAULT: Final = 100
PAGE_ROWS_MAX: Final = 500

KEY_CHARACTERS_MAX: Final = 200
"""An Idempotency-Key."""

NAME_CHARACTERS_MAX: Final = 200
"""The file name of a document."""
