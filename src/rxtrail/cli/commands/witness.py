"""``rxtrail witness``: cosigns the heads of others' logs."""

from __future__ import annotations

from pathlib import Path

import click

from rxtrail import clock
from rxtrail.cli import exits, say
from rxtrail.cli.call import Call, command
from rxtrail.config import chosen_folder, read_toml
from rxtrail.errors import BadRequest


@command(
    "witness",
    "rxtrail witness --name witness.example.org/w1 --log 'rxtrail-1a2b/log+0c1d2e3f+AZ...' --data /srv/witness",
    "rxtrail witness --config witness.toml --data /srv/witness",
)
@click.option("--config", type=click.Path(path_type=Path), help="Settings in TOML; options win over them.")
@click.option("--name", default="", help="The name of a new witness, such as its address without https://.")
@click.option("--log", "logs", multiple=True, metavar="VKEY[ ORIGIN]", help="A log to witness, by its verifier key.")
@click.option("--host", help="The address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes any free one. [default: 8480]")
def witness(
    call: Call, config: Path | None, name: str, logs: tuple[str, ...], host: str | None, port: int | None
) -> int:
    """Cosign the heads of logs, each only when it grows out of the last one, until Ctrl-C or SIGTERM.

    It needs a folder of its own. Logs show their heads at POST /add-checkpoint; what was cosigned is told at
    GET /<SHA-256 of the origin>/checkpoint. --json gives one line {url, name, keys} when it answers. It speaks plain
    HTTP: put a proxy with TLS before it.
    """
    from rxtrail.cli.commands.serve import log_to_stderr
    from rxtrail.web import witness_app
    from rxtrail.witness import KnownLog, Witness, WitnessSettings, open_witness_keys

    log_to_stderr()
    settings = read_toml(config, WitnessSettings) if config is not None else WitnessSettings()
    # Mostly the key is called after the log; where it is not, the origin follows the key.
    told = [text.strip().partition(" ") for text in logs]
    known = [*settings.logs, *(KnownLog([key], origin.strip()) for key, _, origin in told)]
    folder = chosen_folder(call.given_data)
    if folder is None:
        raise BadRequest("a witness needs a folder of its own", place="--data", advice="Give --data DIR.")
    if not known:
        raise BadRequest("no log is named", place="--log", advice="Give --log with what a log shows at /log/vkey.")
    given = name or settings.name
    if not given and not (folder / "keys" / "witness.key").exists() and not settings.key:
        raise BadRequest("a new witness needs a name", place="--name", advice="Its address without https:// will do.")

    opened = Witness(
        folder,
        known,
        lambda: open_witness_keys(
            folder, given or "witness", random_bytes=clock.random_bytes, plug_in=settings.key, ml_dsa=settings.ml_dsa
        ),
        now_s=lambda: clock.now_us() // 1_000_000,
    )

    def ready(url: str) -> None:
        keys = [str(key.verifier) for key in opened.keys]
        if call.as_json:
            say.answer({"url": url, "name": opened.keys[0].verifier.name, "keys": keys})
            return
        say.line("witness ", (opened.keys[0].verifier.name, "strong"), f" at {url}; Ctrl-C ends it")
        for key in keys:
            say.line(f"  {key if len(key) < 200 else key[:100] + '... (whole at /vkey)'}")

    try:
        witness_app.run(opened, host or settings.host, settings.port if port is None else port, ready)
    finally:
        opened.close()
    if opened.failed is not None:
        raise opened.failed
    say.note("stopped")
    return exits.FINE


COMMANDS = {"witness": witness}
