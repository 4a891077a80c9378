"""Write the reference pages that the program itself can tell; tests hold the pages to it.

Run ``python scripts/reference.py`` after a command or an address of the server has changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from rxtrail.cli.app import rxtrail
from rxtrail.core.epcis.query.parameters import ALIASES, TABLE, Parameter
from rxtrail.core.epcis.query.parse import VALUES_MAX
from rxtrail.epcis_query import budget, costs, named, pages
from rxtrail.epcis_query.delivery import ATTEMPTS_MAX
from rxtrail.epcis_query.subscriptions import SUBSCRIPTIONS_EACH_MAX, SUBSCRIPTIONS_MAX
from rxtrail.web.api.table import ENDPOINTS
from rxtrail.web.epcis.events import ADDRESS_CHARACTERS_MAX
from rxtrail.web.epcis.resources import RESOURCES
from rxtrail.web.epcis.socket import SOCKETS_MAX
from rxtrail.web.limits import QUERIES_EACH_MAX, WAITING_EACH_MAX
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


EPCIS_HEAD = """# EPCIS 2.0: paths and query parameters

This page is written by `python scripts/reference.py` from the tables that the program itself goes by. Do not edit it.
The same, for programs, is `/openapi.json`.

Every path of the standard is under `/epcis`. Answers are JSON-LD or XML, as `Accept` says; `GS1-EPC-Format` has
identifiers written as GS1 Digital Links (the default), as EPC URNs, or as they came; `GS1-CBV-XML-Format` does so
for the words of XML; `GS1-EPCIS-Max: 1.2` with XML gives EPCIS 1.2. `OPTIONS` tells what a resource can do.

In an address the values of one parameter are parted by `|`; in a named query they are a JSON list. All parameters
must hold, of the values of one parameter one is enough. Identifiers match by what they mean: a URN, a Digital Link
of any domain, and a pattern such as `urn:epc:idpat:sgtin:0614141.107346.*` find the same packages. A product
without a serial stands for all its items. Numbers with a unit are converted by UN/ECE code before they are compared.
A field is named `prefix:name` or `namespace#name`; prefixes are declared by `GS1-Extensions: prefix=namespace`, or by
`@context` in a named query. A prefix that nobody declares stands for any namespace.

Pages are read by the `Link` header; events that come in meanwhile do not shift them. A token is valid for an hour
and for its own query. A page may hold fewer events than asked for, even none, and still have a next one: one answer
costs the server at most five seconds.

An event whose key was destroyed (`rxtrail keys shred`) is gone, and is no part of any answer.

Where site keys are required, a site reads the events that concern it: that it said, in which it sends or gets goods, or
that happened at its places; an event that two companies say is each one's. Conditions on master data (`WD_`,
`HASATTR_`, `EQ_ATTR_`) go by what the site said itself. Its named queries and subscriptions are its own. A
subscription whose owner has no key any more rests until there is one again; a WebSocket ends with the key that
opened it.
"""

EPCIS_LIMITS = (
    ("events of a page, unless `perPage` says less", pages.PAGE_DEFAULT, "a next page"),
    ("events of a page at most", pages.PAGE_MAX, "a next page"),
    ("events of an answer without pages (SOAP `poll`)", pages.WHOLE_MAX, "QueryTooLargeException"),
    (
        "events decoded for one answer",
        budget.DECODED_MAX,
        "the page ends early; without pages QueryTooComplexException",
    ),
    ("events decoded to count against `maxEventCount`", budget.DECODED_MAX, "QueryTooComplexException"),
    ("events sorted by an extension field", pages.SORTED_MAX, "QueryTooComplexException"),
    ("values in one query", VALUES_MAX, "QueryTooComplexException"),
    ("characters of an address", ADDRESS_CHARACTERS_MAX, "414; name the query instead"),
    ("seconds of one answer", int(budget.SECONDS_MAX), "the page ends early; where none can, QueryTooComplexException"),
    (
        "seconds of queries of one site key at once, and half a second more each second",
        int(costs.SECONDS_MAX),
        "QueryTooComplexException",
    ),
    ("queries of one site key at a time", QUERIES_EACH_MAX, f"they wait; past {WAITING_EACH_MAX} that do, 503"),
    ("named queries of one company", named.QUERIES_MAX, "400"),
    ("subscriptions of one company with a key", SUBSCRIPTIONS_EACH_MAX, "SubscriptionControlsException"),
    ("subscriptions", SUBSCRIPTIONS_MAX, "SubscriptionControlsException"),
    ("WebSockets open at once", SOCKETS_MAX, "503"),
    ("attempts to deliver, at growing distances up to an hour", ATTEMPTS_MAX, "the dead letters"),
)


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


def epcis_page() -> str:
    """Give the page of the EPCIS binding: its paths, and every parameter of its queries, from their tables."""
    parts = [EPCIS_HEAD, "\n## Paths\n\n| path | method | what | statuses |\n|---|---|---|---|\n"]
    for resource in RESOURCES:
        for operation in resource.operations:
            statuses = ", ".join(map(str, operation.statuses))
            parts.append(f"| `/epcis{resource.path}` | {operation.method} | {operation.summary} | {statuses} |\n")
    parts.append("\n## Parameters with a fixed name\n\n| parameter | takes | keeps |\n|---|---|---|\n")
    parts += [_parameter(row) for row in TABLE if not row.is_pattern]
    parts.append("\n## Parameters with a variable name\n\n| parameter | takes | keeps |\n|---|---|---|\n")
    parts += [_parameter(row) for row in TABLE if row.is_pattern]
    parts.append("\n## Other spellings\n\n| spelling | is read as |\n|---|---|\n")
    parts += [f"| `{alias}` | `{name}` |\n" for alias, name in ALIASES.items()]
    parts.append("\n## Limits\n\n| limit | is | past it |\n|---|---|---|\n")
    parts += [f"| {what} | {value:,} | {past} |\n" for what, value, past in EPCIS_LIMITS]
    return "".join(parts)


def _parameter(row: Parameter) -> str:
    return f"| `{row.name}` | {row.takes.value} | {row.about} |\n"


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "http.md": http_page,
    "epcis-query.md": epcis_page,
}


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
