"""``rxtrail signer``: the process that alone opens the log's key."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rxtrail import clock
from rxtrail.cli import exits, say
from rxtrail.cli.call import Call, command
from rxtrail.errors import Busy
from rxtrail.private_socket import user_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.log_settings import LogSettings
    from rxtrail.publishing.signing import Signer

HOLD_SECONDS_MAX = 10.0  # for the signer of a server that has just ended to end too
HOLD_ASK_SECONDS = 0.1


@command("signer", "rxtrail signer --data /srv/rxtrail", "rxtrail signer --data /srv/signer --socket /run/rxtrail.sock")
@click.option("--socket", "path", type=click.Path(path_type=Path), help="Where to listen. [default: DATA/signer.sock]")
@click.option("--origin", default="", help="The name of a new log. [default: after the node's own key]")
@click.option("--key", default="", metavar="PLUG-IN:TEXT", help="A key in an HSM or a KMS. [default: a file in DATA]")
@click.option("--ml-dsa", is_flag=True, help="Sign with ML-DSA-44 too, which quantum computers do not break.")
@click.option(
    "--witness-policy", default="", metavar="FILE", help="Witnesses that are asked what this key has signed (C2SP)."
)
@click.option("--for-user", multiple=True, metavar="USER", help="A user beside this one that may ask for signatures.")
@click.option("--with-parent", is_flag=True, hidden=True, help="End when standard input is closed.")
def signer(
    call: Call,
    path: Path | None,
    origin: str,
    key: str,
    ml_dsa: bool,
    witness_policy: str,
    for_user: tuple[str, ...],
    with_parent: bool,
) -> int:
    """Sign the heads of the log, each only when it grows out of the last one.

    Before its first signature it holds what it signed last against the newest head of the store and of the witnesses:
    when they have seen more of this key, it was copied or has lost its memory, and nothing is signed.

    `rxtrail serve` starts its own. To keep the key from whoever has taken over the server, run it here as another
    user, in a folder of its own, and name its socket in the settings of `rxtrail serve`.
    """
    from rxtrail.cli.commands.serve import log_to_stderr
    from rxtrail.log_settings import LogSettings
    from rxtrail.publishing.signer_server import SignerServer
    from rxtrail.publishing.signer_wire import SOCKET_NAME

    log_to_stderr()
    settings = LogSettings(key=key, ml_dsa=ml_dsa, origin=origin, witness_policy=witness_policy)
    others = frozenset(user_number(name, place="--for-user") for name in for_user)
    with contextlib.closing(_opened(call.data, settings)) as opened:
        server = SignerServer(opened, path or call.data / SOCKET_NAME, others=others)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: server.stop())
        if with_parent:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes our input
            threading.Thread(target=_wait_for_end_of_input, args=(server.stop,), daemon=True).start()
        elif call.as_json:
            say.answer({"origin": opened.origin, "keys": [str(each.verifier) for each in opened.keys]})
        else:
            say.line("signing for ", (opened.origin, "strong"), f" ({opened.keys[0].verifier}); Ctrl-C ends it")
        server.run()
    return exits.FINE


def _opened(folder: Path, settings: LogSettings) -> Signer:
    """Open the key, after waiting for a signer that is just about to end."""
    from rxtrail.publishing import signer_of

    asked = threading.Event()
    for _ in range(int(HOLD_SECONDS_MAX / HOLD_ASK_SECONDS)):
        with contextlib.suppress(Busy):
            return signer_of(folder, settings, now_us=clock.now_us, random_bytes=clock.random_bytes)
        asked.wait(HOLD_ASK_SECONDS)
    return signer_of(folder, settings, now_us=clock.now_us, random_bytes=clock.random_bytes)


def _wait_for_end_of_input(stop: Callable[[], None]) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop()


COMMANDS = {"signer": signer}
