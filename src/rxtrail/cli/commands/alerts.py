"""``rxtrail alerts``: what a person should know of, and what was done about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say, show
from rxtrail.cli.call import WORDS, Call, command, group
from rxtrail.cli.node import reader, writer
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from rxtrail.alerts import Alert, Channel

LIMIT = 100
SUBJECTS_SHOWN = 20


@command("list", "rxtrail alerts list", "rxtrail alerts list --state standing --json")
@click.option("--state", type=WORDS, help="open, acknowledged, explained, escalated, closed, or standing; else all.")
@click.option("--rule", type=WORDS, help="Only those of one rule, such as R1 or S8.")
@click.option("--all", "muted", is_flag=True, help="Those that are suppressed, too.")
@click.option("--after", type=WORDS, metavar="ID", help="Only those after this one.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=LIMIT, show_default=True, help="At most so many.")
def list_(call: Call, state: str | None, rule: str | None, muted: bool, after: str | None, limit: int) -> int:
    """List alerts, the newest first; with --json one line an alert. Suppressed ones only with --all."""
    with reader(call) as node:
        found = node.alerts.page(after or "", limit, state=state or "", rule=rule or "", muted=muted)
    if call.as_json:
        for alert in found:
            say.answer(alert)
    elif not found:
        say.line("no alerts")
    else:
        lines = [
            (each.id, each.rule, each.severity, each.state, each.opened_at[:16], each.cause, each.what)
            for each in found
        ]
        show.rows(["alert", "rule", "severity", "state", "opened", "cause", "what"], lines)
    return exits.FINE


@command("show", "rxtrail alerts show A-ABCDEFGHIJ")
@click.argument("alert", type=WORDS, metavar="ID")
def show_(call: Call, alert: str) -> int:
    """Show one alert: what was seen, why, which packs and containers, and what was done."""
    with reader(call) as node:
        found = node.alerts.get(alert)
    _tell(call, found, whole=True)
    return exits.FINE


def _step(what: str, example: str, words: str, *, reason: bool = True) -> click.Command:
    @command("ack" if what == "acknowledge" else what, example)
    @click.argument("alert", type=WORDS, metavar="ID")
    @click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who does it.")
    @click.option("--reason", type=WORDS, required=reason, help="Why.")
    def step(call: Call, alert: str, by: str, reason: str | None) -> int:
        from rxtrail.alerts import AlertCommand

        with writer(call) as node:
            _tell(call, node.alert(AlertCommand(what, by, alert, reason or "")))
        return exits.FINE

    step.help = words
    return step


@command("suppress", "rxtrail alerts suppress A-ABCDEFGHIJ --until 2026-12-31 --by 'A. Kim' --reason 'A known detour.'")
@click.argument("alert", type=WORDS, metavar="ID")
@click.option("--until", type=WORDS, required=True, metavar="DAY", help="The last day on which nobody is told.")
@click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who does it.")
@click.option("--reason", type=WORDS, required=True, help="Why.")
def suppress(call: Call, alert: str, until: str, by: str, reason: str) -> int:
    """Tell nobody of an alert and its like until a day. At the counter it stays true."""
    from rxtrail.alerts import AlertCommand

    with writer(call) as node:
        _tell(call, node.alert(AlertCommand("suppress", by, alert, reason, until=until)))
    return exits.FINE


@command("assign", "rxtrail alerts assign A-ABCDEFGHIJ --to 'B. Lee' --by 'A. Kim'")
@click.argument("alert", type=WORDS, metavar="ID")
@click.option("--to", type=WORDS, required=True, metavar="NAME", help="Who takes care of it.")
@click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who says so.")
def assign(call: Call, alert: str, to: str, by: str) -> int:
    """Say who takes care of an alert."""
    from rxtrail.alerts import AlertCommand

    with writer(call) as node:
        _tell(call, node.alert(AlertCommand("assign", by, alert, owner=to)))
    return exits.FINE


# -- who is told ---------------------------------------------------------------------------------------------------


@command(
    "tell",
    "rxtrail alerts tell https://hooks.example.org/rxtrail --token-file token.txt --by 'A. Kim'",
    "rxtrail alerts tell mailto:pharmacist@example.org --smtp smtps://node@mail.example.org --sender node@example.org "
    "--by 'A. Kim'",
    "rxtrail alerts tell --form slack --url-file hook.txt --by 'A. Kim'",
)
@click.argument("to", type=WORDS, required=False, metavar="URL|mailto:NAME")
@click.option("--form", type=WORDS, help="cloudevents (default), slack, teams, matrix, text, or that of a plug-in.")
@click.option("--url-file", type=WORDS, metavar="FILE", help="Where the address stands: that of a chat is a secret.")
@click.option("--token-file", type=WORDS, metavar="FILE", help="The token: signs webhooks, opens a Matrix room.")
@click.option("--smtp", type=WORDS, metavar="URL", help="The mail server, such as smtps://USER@HOST.")
@click.option("--sender", type=WORDS, metavar="NAME", help="The address that mails come from.")
@click.option("--severity", type=click.Choice(("check", "stop")), default="check", show_default=True, help="At least.")
@click.option("--rule", type=WORDS, multiple=True, help="Only these rules; may be given several times.")
@click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who adds it.")
def tell(
    call: Call,
    to: str | None,
    form: str | None,
    url_file: str | None,
    token_file: str | None,
    smtp: str | None,
    sender: str | None,
    severity: str,
    rule: tuple[str, ...],
    by: str,
) -> int:
    """Tell alerts to a signed webhook (CloudEvents 1.0), a chat or by e-mail, from now on.

    A mail server's password is taken from the environment variable RXTRAIL_SMTP_PASSWORD of the server process.
    """
    from rxtrail.alerts import ChannelCommand, NewChannel

    if (to is None) == (url_file is None):
        raise click.UsageError("Give URL or --url-file.")
    address = to or _line_of(url_file or "", "address")
    token = _line_of(token_file, "token") if token_file is not None else ""
    more = {"form": form} if form is not None else {}
    new = NewChannel(address, by, token, smtp or "", sender or "", severity, list(rule), **more)
    with writer(call) as node:
        made = node.channel(ChannelCommand("add", by, new=new))[0]
    if call.as_json:
        say.answer(made)
    else:
        say.line((made.id, "strong"), f"  {made.to}")
    return exits.FINE


def _line_of(file: str, what: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(
            f"the {what} cannot be read", place=file, advice="Give a file with one line of text."
        ) from error


@command("channels", "rxtrail alerts channels", "rxtrail alerts channels --dead --json")
@click.option("--dead", is_flag=True, help="What they did not take, after every attempt.")
def channels(call: Call, dead: bool) -> int:
    """List who is told of alerts, and how it went; with --dead what nobody took."""
    with reader(call) as node:
        told = node.alerts.channels.all()
        letters = node.alerts.channels.dead()
    if call.as_json:
        for each in letters if dead else told:
            say.answer(each)
    elif dead:
        show.rows(
            ["letter", "alert", "to", "at", "error"], [(x.id, x.alert, x.to, x.at[:16], x.error) for x in letters]
        )
    elif not told:
        say.line("nobody is told")
    else:
        show.rows(
            ["channel", "form", "to", "severity", "last told", "attempts", "error"],
            [(x.id, _kind(x), x.to, x.severity, x.last_told[:16], str(x.attempts), x.last_error) for x in told],
        )
    return exits.FINE


def _kind(channel: Channel) -> str:
    return "mail" if channel.to.startswith("mailto:") else channel.form


def _by_id(what: str, name: str, example: str, words: str) -> click.Command:
    @command(name, example)
    @click.argument("id_", type=WORDS, metavar="ID")
    @click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who does it.")
    def act(call: Call, id_: str, by: str) -> int:
        from rxtrail.alerts import ChannelCommand

        with writer(call) as node:
            found = node.channel(ChannelCommand(what, by, id_))
        if call.as_json:
            for each in found:
                say.answer(each)
        else:
            say.line("done")
        return exits.FINE

    act.help = words
    return act


def _tell(call: Call, alert: Alert, *, whole: bool = False) -> None:
    if call.as_json:
        say.answer(alert)
        return
    say.line(
        (f"{alert.id}  {alert.state}", "strong"), f"  {alert.rule} {alert.title}, ", (alert.severity, alert.severity)
    )
    say.line(f"  {alert.what}")
    say.line(f"  probably {alert.cause}: {alert.why}")
    say.line("  do: ", alert.next)
    if alert.clock_until and alert.stands:
        say.line("  ", (f"decide before {alert.clock_until[:16]}", "check"))
    if alert.muted_until:
        say.line(f"  told to nobody until {alert.muted_until}")
    if alert.subject_count:
        say.line(f"  {alert.subject_count:,} packs or containers, with all that is in them")
    if whole:
        for name, part in alert.parts.items():
            say.line((f"  {name}", "strong"), f": {part.what} Probably {part.cause}: {part.why}")
        for subject in alert.subjects[:SUBJECTS_SHOWN]:
            say.line(f"    {subject}")
        if alert.subject_count > SUBJECTS_SHOWN:
            say.line(f"    and {alert.subject_count - SUBJECTS_SHOWN:,} more: see --json")
        for seen in alert.evidence[:SUBJECTS_SHOWN]:
            say.line(f"  {seen.at[:16]}  {seen.kind} {seen.what}  {seen.site}  {seen.link}".rstrip())
        for step in alert.history:
            say.line(f"  {step.at[:16]}  {step.what}  {step.by}  {step.reason}".rstrip())


alerts = group(
    "alerts",
    "Alerts: list, show, ack, explain, escalate, close, suppress; and who is told.",
    [
        list_,
        show_,
        _step(
            "acknowledge",
            "rxtrail alerts ack A-ABCDEFGHIJ --by 'A. Kim'",
            "Acknowledge an alert: somebody looks at it.",
            reason=False,
        ),
        assign,
        _step(
            "explain",
            "rxtrail alerts explain A-ABCDEFGHIJ --by 'A. Kim' --reason 'A new customer; the lane is being renewed.'",
            "Explain an alert: it was no wrong. The counter does not stop its packs any more.",
        ),
        _step(
            "escalate",
            "rxtrail alerts escalate A-ABCDEFGHIJ --by 'A. Kim' --reason 'The sender does not know of it.'",
            "Escalate an alert: it is worse than it looked.",
        ),
        _step(
            "close",
            "rxtrail alerts close A-ABCDEFGHIJ --by 'A. Kim' --reason 'Goods destroyed, authority told.'",
            "Close an alert that was acknowledged, explained or escalated.",
        ),
        suppress,
        tell,
        channels,
        _by_id("remove", "untell", "rxtrail alerts untell C-ABCDEFGH --by 'A. Kim'", "Tell a channel nothing more."),
        _by_id(
            "replay",
            "replay",
            "rxtrail alerts replay C-ABCDEFGH-1204 --by 'A. Kim'",
            "Send again what a channel did not take.",
        ),
    ],
    "rxtrail alerts list --state standing",
)
COMMANDS = {"alerts": alerts}
