"""``rxtrail serve``: the node for real use."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from rxtrail.cli import exits, say
from rxtrail.cli.call import Call, command
from rxtrail.cli.node import own
from rxtrail.config import DEFAULT_HOST, DEFAULT_PORT, ServeConfig, read_serve_config
from rxtrail.errors import BadRequest


@command("serve", "rxtrail serve", "rxtrail serve --port 80 --config rxtrail.toml --data /srv/rxtrail")
@click.option("--host", help=f"The address to listen on. [default: {DEFAULT_HOST}]")
@click.option("--port", type=click.IntRange(0, 65535), help=f"0 takes any free one. [default: {DEFAULT_PORT}]")
@click.option("--config", type=click.Path(path_type=Path), help="Settings in TOML; options win over them.")
@click.option("--load-test", is_flag=True, help="Take anything at POST /log/add; only beside no real data.")
def serve(call: Call, host: str | None, port: int | None, config: Path | None, load_test: bool) -> int:
    """Serve the pages and the API until Ctrl-C or SIGTERM.

    Other rxtrail commands may run meanwhile; those that write go through this process. --json gives one line
    {url, data} when the server answers.
    """
    settings = read_serve_config(config) if config is not None else ServeConfig()
    call = Call(call.as_json, call.given_data or settings.data or None, call.store or settings.store or None)
    log_to_stderr()

    def ready(url: str) -> None:
        if call.as_json:
            say.answer({"url": url, "data": say.clean(str(call.data))})
        else:
            say.line("serving at ", (url, "strong"), f" (data in {call.data}); Ctrl-C ends it")

    from rxtrail.bootstrap import SOCKET_FILE
    from rxtrail.web import serve as web

    with own(call) as node:
        if load_test:
            node.log.allow_load_test()
        elif node.log.is_for_load_tests:
            raise BadRequest(
                "this record was made for load tests", place=str(node.data), advice="Give --data another folder."
            )
        node.epcis.allow(settings.webhook_networks)
        node.resume_in_background()
        node.watch_log()
        node.hub.start()
        node.log.start(settings.log)
        web.run(
            node,
            host or settings.host,
            settings.port if port is None else port,
            node.data / SOCKET_FILE,
            ready,
            hosts=tuple(settings.hosts),
        )
    say.note("stopped")
    return exits.FINE


def log_to_stderr() -> None:
    """What a server has to say beside its answers: warnings and worse."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


COMMANDS = {"serve": serve}
