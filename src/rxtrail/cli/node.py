"""Open the node that a command works on: the record itself, or through the ``serve`` that holds it."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from rxtrail.cli import say
from rxtrail.errors import Busy, StoreFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.bootstrap import Node
    from rxtrail.cli.call import Call
    from rxtrail.web.port import NodePort

LOCK_WAIT_SECONDS_MAX = 10.0  # for a command like this one to end; a capture may take longer, a counter cannot wait
OWN_WAIT_SECONDS_MAX = 2.0
LOCK_TELL_SECONDS = 1.0
LOCK_ASK_SECONDS = 0.05


@contextlib.contextmanager
def reader(call: Call) -> Iterator[Node]:
    """The node to read from, beside whoever writes; raises StoreFailed when there is none."""
    from rxtrail.bootstrap import open_node

    with open_node(call.data, store_url=call.store, write=False, create=False) as node:
        if node.doubt is not None:
            say.note(("warning: ", "stop"), node.doubt.message, f" ({node.doubt.place})" if node.doubt.place else "")
        yield node


@contextlib.contextmanager
def writer(call: Call, *, finish: bool = False) -> Iterator[NodePort]:
    """The node to write to: with DATA's lock taken here, or through the ``serve`` that holds it.

    ``finish`` has the captures that an earlier process left finished first. Raises Busy when another command
    holds the lock for too long.
    """
    from rxtrail.bootstrap import folder_of, open_node
    from rxtrail.web.socket import RemoteNode

    folder = folder_of(call.data, call.store)
    begun = time.monotonic()
    told = False
    with contextlib.ExitStack() as stack:
        node: NodePort | None = None
        while node is None:
            try:
                own_node = stack.enter_context(open_node(call.data, store_url=call.store))
            except Busy as held:
                with contextlib.suppress(Busy):
                    node = stack.enter_context(RemoteNode(folder))
                waited = time.monotonic() - begun
                if node is None and waited > LOCK_WAIT_SECONDS_MAX:
                    raise _not_answering(call) from held
                if node is None and waited > LOCK_TELL_SECONDS and not told:
                    say.note("waiting for another rxtrail command that works on this record")
                    told = True
                if node is None:
                    time.sleep(LOCK_ASK_SECONDS)
            else:
                if finish:
                    _finish(own_node)
                node = own_node
        yield node


@contextlib.contextmanager
def own(call: Call, *, encrypt: bool = True) -> Iterator[Node]:
    """The node with the lock taken by this process; raises Busy while another holds it.

    Without ``encrypt`` a store that is new shall not be encrypted.
    """
    from rxtrail.bootstrap import open_node

    until = time.monotonic() + OWN_WAIT_SECONDS_MAX
    with contextlib.ExitStack() as stack:
        node: Node | None = None
        while node is None:
            try:
                node = stack.enter_context(open_node(call.data, store_url=call.store, encrypt=encrypt))
            except Busy as held:
                if time.monotonic() > until:
                    raise Busy(
                        "another process holds this record",
                        place=str(call.data),
                        advice="Stop the `rxtrail serve` or other command that works on it, then try again.",
                    ) from held
                time.sleep(LOCK_ASK_SECONDS)
        yield node


def finish_what_was_left(call: Call) -> None:
    """Finish the captures that an earlier process left, unless a process that is alive holds the record."""
    from rxtrail.bootstrap import open_node

    with reader(call) as node:
        if not node.jobs_open():
            return
    with contextlib.suppress(Busy, StoreFailed), open_node(call.data, store_url=call.store) as node:
        _finish(node)


def _finish(node: Node) -> None:
    count = node.jobs_open()
    if count:
        say.note(f"finishing {count:,} captures that were cut off")
        node.resume()


def _not_answering(call: Call) -> Busy:
    return Busy(
        "another process holds this record and does not answer",
        place=str(call.data),
        advice="Wait for the rxtrail command that works on it, or stop it, then try again; nothing was written.",
    )
