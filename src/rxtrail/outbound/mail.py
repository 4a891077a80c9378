"""One e-mail out, over SMTP, within a time."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from rxtrail.errors import BadRequest
from rxtrail.outbound.http import Unreachable, is_loopback

_SCHEMES: Final = {"smtp": 25, "smtps": 465}
ADDRESS_CHARACTERS_MAX: Final = 254


def usable_server(url: str) -> SplitResult:
    """Take the address of a mail server apart: smtps://USER@HOST:PORT, or smtp:// (with STARTTLS where it is offered).

    :raises BadRequest: it is none, or it carries a password, which belongs into the environment.
    """
    problem = ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port, problem = urlsplit(""), None, "it cannot be taken apart"
    if not problem:
        if parts.scheme not in _SCHEMES or not parts.hostname or port == 0 or parts.path.strip("/") or parts.query:
            problem = "it is not smtp://HOST:PORT or smtps://USER@HOST"
        elif parts.password:
            problem = "it carries a password"
    if problem:
        raise BadRequest(
            f"the mail server's address cannot be used: {problem}",
            place="smtp",
            advice="Give smtps://USER@HOST, and the password in the environment variable RXTRAIL_SMTP_PASSWORD.",
        )
    return parts


def usable_address(address: str) -> str:
    """Give an e-mail address back; raises ``BadRequest`` for what is none."""
    name, _, host = address.rpartition("@")
    plain = address.isascii() and address.isprintable() and not any(c in address for c in ' <>,;:"()')
    if (
        not ((name and "." in host.strip(".")) or host == "localhost")
        or not plain
        or len(address) > ADDRESS_CHARACTERS_MAX
    ):
        raise BadRequest(f"{address[:80]!r} is not an e-mail address", place="to", advice="Give name@example.org.")
    return address


def send_mail(
    server: str, *, password: str, sender: str, to: str, subject: str, text: str, message_id: str, seconds: float
) -> None:
    """Send one message and wait until the server has taken it.

    :raises BadRequest: the server's address is none.
    :raises Unreachable: the server did not take it in time, for whatever reason.
    """
    parts = usable_server(server)
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice answers an alert
    message.set_content(text)
    host = parts.hostname
    assert host is not None, "a usable address has a host"
    port = parts.port or _SCHEMES[parts.scheme]
    try:
        tls = ssl.create_default_context()
        connection: smtplib.SMTP
        if parts.scheme == "smtps":
            connection = smtplib.SMTP_SSL(host, port, timeout=seconds, context=tls)
        else:
            connection = smtplib.SMTP(host, port, timeout=seconds)
        with connection:
            if parts.scheme == "smtp":
                connection.ehlo()
                if connection.has_extn("starttls"):
                    connection.starttls(context=tls)
                elif not is_loopback(host):
                    raise Unreachable("the mail server offers no encryption (STARTTLS)", sent=False)
            if parts.username:
                connection.login(unquote(parts.username), password)
            connection.send_message(message)
    except TimeoutError as late:
        raise Unreachable("the mail server did not answer in time", sent=True) from late
    except (smtplib.SMTPException, OSError) as failed:
        raise Unreachable(f"the mail server did not take it: {failed}"[:300], sent=True) from failed
