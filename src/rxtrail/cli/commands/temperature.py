"""``rxtrail temperature``: how warm products may be, and how warm a pack or container was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rxtrail.cli import exits, say, show, sources
from rxtrail.cli.call import CODE, WORDS, Call, command, group
from rxtrail.cli.node import reader, writer

if TYPE_CHECKING:
    from rxtrail.alerts import ProfilesReport
    from rxtrail.answers import TemperatureHistory, TemperatureReading
    from rxtrail.core.rules.cold import TemperatureProfile

_BY = click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who does it.")
_READINGS_SHOWN_MAX = 20


@command("load", "rxtrail temperature load profiles.toml --by 'A. Kim'")
@click.argument("file", type=WORDS, metavar="FILE|-")
@_BY
def load(call: Call, file: str, by: str) -> int:
    """Load temperature profiles from a TOML file, all of them or none; they hold at once.

    A profile of a name that is known takes its place, and everything on record is judged anew.
    """
    from rxtrail.alerts import ProfileCommand

    with writer(call) as node:
        report = node.profile(ProfileCommand("load", by, table=sources.content(file)))
    return _tell(call, report)


@command("retire", "rxtrail temperature retire insulin --by 'B. Lee'")
@click.argument("profiles", type=WORDS, nargs=-1, required=True, metavar="ID...")
@_BY
@click.option("--reason", type=WORDS, help="Why.")
def retire(call: Call, profiles: tuple[str, ...], by: str, reason: str | None) -> int:
    """Retire temperature profiles: nothing is judged by them any more."""
    from rxtrail.alerts import ProfileCommand

    with writer(call) as node:
        report = node.profile(ProfileCommand("retire", by, list(profiles), reason=reason or ""))
    return _tell(call, report)


@command("list", "rxtrail temperature list", "rxtrail temperature list --state in-force --json")
@click.option("--state", type=WORDS, help="in-force, retired or built-in; else all.")
def list_(call: Call, state: str | None) -> int:
    """List temperature profiles, the usual ones too; with --json one line a profile."""
    with reader(call) as node:
        found = node.alerts.profiles.all(state=state or "")
    if call.as_json:
        for profile in found:
            say.answer(profile)
    else:
        show.rows(["profile", "state", "degrees Celsius", "products", "title"], [_row(profile) for profile in found])
    return exits.FINE


@command("check", "rxtrail temperature check profiles.toml", "rxtrail temperature check --json")
@click.argument("file", type=WORDS, required=False, metavar="[FILE|-]")
def check(call: Call, file: str | None) -> int:
    """Tell what is wrong with the profiles of a file, or of the record. Nothing is changed.

    Exit code 1 when a profile is wrong, 3 when an approved route names one that is not there.
    """
    with reader(call) as node:
        report = node.alerts.profiles.check(sources.content(file) if file else None)
    if call.as_json:
        say.answer(report)
    else:
        for flaw in report.flaws:
            say.line(("error", "stop"), f"  {flaw.profile}  {flaw.place}: {flaw.message}  [{flaw.code}]")
        for name in report.unknown:
            say.line(("warning", "check"), f"  a route names the profile {name}, and there is none")
        say.line(f"{len(report.profiles):,} profiles, {len(report.flaws) + len(report.unknown):,} remarks")
    if report.flaws:
        return exits.NO
    return exits.CHECK if report.unknown else exits.FINE


@command(
    "show",
    "rxtrail temperature show '(01)00352601815904(21)A1'",
    "rxtrail temperature show urn:epc:id:sscc:030116.10012270529",
)
@click.argument("code", type=CODE)
def show_(call: Call, code: str) -> int:
    """Tell how warm a pack or container was, with what it was in, and what its profiles make of it.

    Exit code 1 when it is not on record or must not be used for its temperatures, 3 when a person should look. What
    a person has explained is still shown here, and no more said at the counter.
    """
    with reader(call) as node:
        history = node.alerts.temperatures(code)
    if call.as_json:
        say.answer(history)
    else:
        _history(history)
    severities = {breach.severity for use in history.profiles for breach in use.breaches}
    if not history.found or "stop" in severities:
        return exits.NO
    return exits.CHECK if severities else exits.FINE


def _history(history: TemperatureHistory) -> None:
    if not history.found:
        say.line(f"{history.epc} is not on record")
        return
    say.line((history.epc, "strong"), f"  {history.reading_count:,} readings")
    for use in history.profiles:
        lane = f", for route {use.lane}" if use.lane else ""
        mkt = f", mean kinetic {use.mkt:g}" if use.mkt is not None else ""
        measured = f"measured {use.measured_minutes:,g} minutes"
        say.line(f"  profile {use.profile}{lane}: {_range(use.min, use.max)} °C{mkt}, {measured}")
        if use.unmeasured_minutes:
            say.line(("    not measured: ", "check"), f"{use.unmeasured_minutes:,g} minutes")
        for band in use.bands:
            allowed = "" if band.minutes_allowed is None else f" of {band.minutes_allowed:,g} allowed"
            most = f" to {band.minutes_at_most:,g}" if band.minutes_at_most > band.minutes else ""
            say.line(f"    {band.side} {band.limit:g} °C: {band.minutes:,g}{most} minutes{allowed}")
        for breach in use.breaches:
            say.line("    ", (breach.severity, breach.severity), f" {breach.what}")
        if not use.breaches:
            say.line("    ", ("within its profile", "ok"))
    if history.readings and not history.profiles:
        say.line("  no profile is about it: nothing is judged")
    for reading in history.readings[-_READINGS_SHOWN_MAX:]:
        say.line(
            f"  {_when(reading)}  {_range(reading.min, reading.max)} °C", (f"  {reading.of}  {reading.device}", "dim")
        )


def _when(reading: TemperatureReading) -> str:
    return f"{reading.at} to {reading.until}" if reading.until else reading.at


def _range(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "?"
    if low is None or high is None or low == high:
        return f"{high if low is None else low:g}"
    return f"{low:g} to {high:g}"


def _row(profile: TemperatureProfile) -> tuple[str, ...]:
    low = "" if profile.low is None else f"{profile.low:g}"
    high = "" if profile.high is None else f"{profile.high:g}"
    return (profile.id, profile.state, f"{low} to {high}".strip(), " ".join(profile.products[:2]), profile.title)


def _tell(call: Call, report: ProfilesReport) -> int:
    if call.as_json:
        say.answer(report)
        return exits.FINE
    for profile in report.profiles:
        say.line((profile.id, "strong"), f"  {profile.state}  {profile.title}")
    return exits.FINE


temperature = group(
    "temperature",
    "Temperatures: how warm products may be, and how warm a pack was.",
    [load, list_, check, show_, retire],
    "rxtrail temperature load profiles.toml --by 'A. Kim'",
)
COMMANDS = {"temperature": temperature}
