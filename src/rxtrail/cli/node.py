"""Open the node that a command works on: the record itself, or through the ``serve`` that holds it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rxtrail.cli.call import Call, sqlite_only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.bootstrap import Node
    from rxtrail.web.port import NodePort

LOCK_WAIT_SECONDS_MAX = 10.0
LOCK_ASK_SECONDS = 0.05


@contextlib.contextmanager
def writer(call: Call) -> Iterator[NodePort]:
    """The node to write to: through a running ``serve``, else with DATA's lock taken here; raises Busy."""
    from rxtrail import bootstrap

    sqlite_only(call.store)
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(_held_or_taken(call, bootstrap))


@contextlib.contextmanager
def own(call: Call) -> Iterator[Node]:
    """The node with the lock taken by this process; raises Busy while another holds it."""
    from rxtrail.bootstrap import open_node

    sqlite_only(call.store)
    with open_node(call.data, store_url=call.store) as node:
        yield node


@contextlib.contextmanager
def reader(call: Call) -> Iterator[NodePort]:
    """The node to read from, beside whoever writes."""
    from rxtrail.bootstrap import open_node

    sqlite_only(call.store)
    with open_node(call.data, store_url=call.store, write=False, create=False) as node:
        yield node
