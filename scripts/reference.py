"""Write the reference pages that the program itself can tell; tests hold the pages to it.

Run ``python scripts/reference.py`` after a command or an address of the server has changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from rxtrail.cli.app import rxtrail
from rxtrail.web.api.table import ENDPOINTS
from rxtrail.web.problems import STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.errors import RxtrailError
    from rxtrail.web.context import Endpoint

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"

COMMANDS_HEAD = """# Commands

This page is written by `python scripts/reference.py` from the commands themselves. Do not edit it.

Every command takes `--json` (one object or JSON lines on stdout, and nothing else there), `--data DIR` and
`--store URL`. Words and progress go to stderr. The exit code is part of the answer:

| exit code | means |
|---|---|
| 0 | fine |
| 1 | the answer is no: do not dispense, refused, not found |
| 2 | the command was used wrongly |
| 3 | check first: a person decides |
| 4 | cannot tell now: the record could not be reached, or is still being written |
| 70 | a fault of the program itself; never 1, which would be an answer |
"""

HTTP_HEAD = """# HTTP

This page is written by `python scripts/reference.py` from the addresses themselves. Do not edit it. The
same, for programs, is `/openapi.json`.

The server listens on this machine only and has no accounts yet. It answers only to its own names in
`Host`, and takes changes only from its own pages or from programs (no `Origin`). Bodies are JSON unless
said otherwise. An unknown field is refused, since a misspelt `site` would switch the rules about places
off.

A refusal is a problem body (RFC 9457) with a stable `code`, a `detail`, the `place` and an `advice`; the
codes are in [errors.md](errors.md). A body past its limit is answered 413 with the name of the limit, an
overload 503 with `Retry-After`. A change takes an `Idempotency-Key`: the same key gives the first answer
again.
"""


def every_command(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Give each command with its full name, groups and their members too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield f"{prefix}{name}", command
        if isinstance(command, click.Group):
            yield from every_command(command, f"{prefix}{name} ")


def commands_page() -> str:
    """Give the page of commands: one section a command, with its help as printed."""
    parts = [COMMANDS_HEAD]
    for name, command in every_command(rxtrail):
        # A fixed width, so that the page does not depend on the terminal it was written in.
        context = click.Context(command, info_name=f"rxtrail {name}", terminal_width=96, max_content_width=96)
        parts.append(f"\n## rxtrail {name}\n\n```text\n{command.get_help(context).rstrip()}\n```\n")
    return "".join(parts)


def http_page() -> str:
    """Give the page of addresses: one section each, with parameters, bodies and refusals."""
    parts = [HTTP_HEAD]
    parts += [_endpoint(endpoint) for endpoint in sorted(ENDPOINTS, key=lambda one: one.path)]
    return "".join(parts)


PAGES: dict[str, Callable[[], str]] = {"commands.md": commands_page, "http.md": http_page}


def _endpoint(endpoint: Endpoint) -> str:
    lines = [f"\n## {endpoint.method} {endpoint.path}\n", f"{endpoint.summary}\n"]
    if endpoint.query is not None and _fields(endpoint.query):
        lines.append(f"- parameters: {_fields(endpoint.query)}")
    if endpoint.body:
        lines.append(f"- body: {_kind(endpoint.body)}")
    lines.append(f"- answers {endpoint.status}: {_kind(endpoint.answer)}")
    lines += [f"- or {status}: {_kind(kind)}" for status, kind in endpoint.others]
    if endpoint.refusals:
        codes = ", ".join(f"{_status(error)} `{error.code}`" for error in endpoint.refusals)
        lines.append(f"- refuses: {codes}")
    return "\n".join(lines) + "\n"


def _kind(kind: type | tuple[str, ...]) -> str:
    if isinstance(kind, tuple):
        return ", ".join(f"`{name}`" for name in kind)
    return f"{kind.__name__}: {_fields(kind)}"


def _status(error: type[RxtrailError]) -> int:
    return next(STATUSES[kind] for kind in error.__mro__ if kind in STATUSES).value


def _fields(kind: type) -> str:
    return ", ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(kind))


if __name__ == "__main__":
    for file_name, page in PAGES.items():
        (REFERENCE / file_name).write_text(page(), encoding="utf-8")
