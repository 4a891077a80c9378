"""Chat services: an alert as the message that each of them takes. Others can add theirs as a plug-in.

A form turns what is told into one HTTP request. Those built in are in a table; a package that has an entry point in the
group ``rxtrail.chat`` adds one under that entry point's name, and cannot replace one of ours. The address of a chat's
webhook is its password, so it is shown and recorded without its path.
"""

from __future__ import annotations

import html
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from rxtrail.alerts.values import Alert
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    Form = Callable[["Told"], "Posting"]

GROUP: Final = "rxtrail.chat"
CLOUD_EVENTS: Final = "cloudevents"
"""Not a chat: the signed webhook, which ``delivery`` sends itself."""
HEADER_CHARACTERS_MAX: Final = 150
"""Slack, Block Kit: the text of a header block."""
TEXT_CHARACTERS_MAX: Final = 2_900
"""Slack takes 3,000 in a section; Teams 28 KB in all."""
SUBJECTS_SHOWN: Final = 5
_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
_json = msgspec.json.Encoder().encode


class Told(msgspec.Struct, frozen=True, gc=False):
    """What is told: a change of an alert, where to, and the channel's token; ``key`` is the same each time."""

    change: str  # opened | opened-again | escalated | explained | closed
    alert: Alert
    to: str
    token: str
    key: str


class Posting(msgspec.Struct, frozen=True, gc=False):
    """One request that tells it; any 2xx means that it was taken."""

    url: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"


# -- words, the same for all ---------------------------------------------------------------------------------------


def title_of(told: Told) -> str:
    """Say in one line what is told."""
    return f"{told.change.replace('-', ' ').capitalize()}: {told.alert.title} ({told.alert.severity})"


def facts_of(alert: Alert) -> list[tuple[str, str]]:
    """Give what a person needs to act, as names and values."""
    found = [
        ("Probable cause", f"{alert.cause}. {alert.why}"),
        ("What to do", alert.next),
        ("Alert", f"{alert.id}, rule {alert.rule}, {alert.state}"),
    ]
    if alert.subject_count:
        shown = ", ".join(alert.subjects[:SUBJECTS_SHOWN])
        more = alert.subject_count - min(SUBJECTS_SHOWN, len(alert.subjects))
        found.append(
            ("Packs or containers", f"{alert.subject_count:,}: {shown}" + (f" and {more:,} more" * (more > 0)))
        )
    if alert.owner:
        found.append(("Owner", alert.owner))
    if alert.clock_until and alert.stands:
        found.append(("Decide before", alert.clock_until))
    return found


def plain_of(told: Told) -> str:
    """Say it in plain text."""
    lines = [title_of(told), told.alert.what, *(f"{name}: {value}" for name, value in facts_of(told.alert))]
    return _cut("\n".join(lines))


def _cut(text: str, most: int = TEXT_CHARACTERS_MAX) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


# -- the forms -----------------------------------------------------------------------------------------------------


def slack(told: Told) -> Posting:
    """Slack's incoming webhook, and what speaks like it (Mattermost, Rocket.Chat): Block Kit with a plain text."""
    facts = "\n".join(f"*{name}:* {_mrkdwn(value)}" for name, value in facts_of(told.alert))
    body = {
        "text": _mrkdwn(plain_of(told)),
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": _cut(title_of(told), HEADER_CHARACTERS_MAX), "emoji": False},
            },
            {"type": "section", "text": {"type": "mrkdwn", "text": _cut(_mrkdwn(told.alert.what))}},
            {"type": "section", "text": {"type": "mrkdwn", "text": _cut(facts)}},
        ],
    }
    return Posting(told.to, _JSON, _json(body))


def _mrkdwn(text: str) -> str:
    """Slack's three escapes; without them a name such as <!channel> would call everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def teams(told: Told) -> Posting:
    """Microsoft Teams: an Adaptive Card for the webhook of a workflow."""
    colour = "Attention" if told.alert.severity == "stop" and told.alert.stands else "Default"
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {
                "type": "TextBlock", "size": "Medium", "weight": "Bolder", "wrap": True, "color": colour,
                "text": _markdown(title_of(told)),
            },
            {"type": "TextBlock", "wrap": True, "text": _markdown(_cut(told.alert.what))},
            {
                "type": "FactSet",
                "facts": [{"title": name, "value": _markdown(_cut(value))} for name, value in facts_of(told.alert)],
            },
        ],
    }  # fmt: skip
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return Posting(told.to, _JSON, _json({"type": "message", "attachments": [attachment]}))


def _markdown(text: str) -> str:
    """Adaptive Cards make links of [words](address): a partner's name must not become one."""
    return text.replace("](", "] (")


def matrix(told: Told) -> Posting:
    """A Matrix room, by the client-server API; the token is the access token of who speaks.

    ``to`` is https://SERVER/_matrix/client/v3/rooms/ROOM. The transaction's name has the server take it once.
    """
    facts = "".join(f"<li><b>{html.escape(name)}:</b> {html.escape(v)}</li>" for name, v in facts_of(told.alert))
    formatted = f"<b>{html.escape(title_of(told))}</b><br>{html.escape(told.alert.what)}<ul>{facts}</ul>"
    body = {
        "msgtype": "m.text",
        "body": plain_of(told),
        "format": "org.matrix.custom.html",
        "formatted_body": formatted,
    }
    url = f"{told.to.rstrip('/')}/send/m.room.message/{quote(told.key, safe='')}"
    return Posting(url, {**_JSON, "Authorization": f"Bearer {told.token}"}, _json(body), "PUT")


def text(told: Told) -> Posting:
    """Plain text, for whatever takes it; a token is sent as a bearer's."""
    headers = {"Content-Type": "text/plain; charset=utf-8", "Idempotency-Key": told.key}
    if told.token:
        headers["Authorization"] = f"Bearer {told.token}"
    return Posting(told.to, headers, plain_of(told).encode())


FORMS: Final[dict[str, Form]] = {"slack": slack, "teams": teams, "matrix": matrix, "text": text}
_WITH_TOKEN: Final = frozenset({CLOUD_EVENTS, "matrix"})


class NoForm(Exception):
    """There is no such form here, or its plug-in cannot be loaded."""


def names() -> list[str]:
    """Give the names of all forms, plug-ins too."""
    return sorted({CLOUD_EVENTS, *FORMS, *(each.name for each in metadata.entry_points(group=GROUP))})


def form_of(name: str) -> Form:
    """Give a form by its name; raises ``NoForm``."""
    if name in FORMS:
        return FORMS[name]
    found = next(iter(metadata.entry_points(group=GROUP, name=name)), None)
    if found is None:
        raise NoForm(f"there is no form {name[:40]!r} here")
    try:
        form: Any = found.load()
    except Exception as broken:
        raise NoForm(f"the form {name[:40]!r} cannot be loaded: {type(broken).__name__}") from broken
    if not callable(form):
        raise NoForm(f"the form {name[:40]!r} is no function")
    return form  # type: ignore[no-any-return]


def posting_of(name: str, told: Told) -> Posting:
    """Have a form make its request; raises ``NoForm`` for whatever is wrong with a plug-in."""
    form = form_of(name)
    try:
        made: object = form(told)
    except Exception as broken:
        raise NoForm(
            f"the form {name[:40]!r} failed: {type(broken).__name__}"
        ) from broken  # its words may tell secrets
    if not isinstance(made, Posting):
        raise NoForm(f"the form {name[:40]!r} made no request")
    try:
        return msgspec.convert(msgspec.to_builtins(made, builtin_types=(bytes,)), Posting)
    except (msgspec.ValidationError, TypeError) as wrong:
        raise NoForm(f"the form {name[:40]!r} made no request: {wrong}") from wrong


def check(name: str, token: str) -> None:
    """See to it that a channel can be told in this form.

    :raises BadRequest: there is no such form, or a token is missing.
    """
    if name != CLOUD_EVENTS:
        try:
            form_of(name)
        except NoForm as wrong:
            raise BadRequest(str(wrong), place="form", advice=f"Give one of {', '.join(names())}.") from wrong
    if name in _WITH_TOKEN and not token:
        raise BadRequest(
            "a webhook is signed" if name == CLOUD_EVENTS else "a Matrix server wants an access token",
            place="token",
            advice="Give a token that only you and the receiver know.",
        )


def masked(url: str) -> str:
    """Give an address without what is secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/..."
