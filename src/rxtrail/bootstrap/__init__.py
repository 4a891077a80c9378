"""Wiring: which engine, and a node on it."""

from rxtrail.bootstrap.engines import (
    LOCK_FILE,
    SOCKET_FILE,
    STORE_FILE,
    distribute,
    folder_of,
    holder_socket,
    is_server,
    store_path,
)
from rxtrail.bootstrap.node import Node, open_node, version
from rxtrail.moving import LOG_POSITION_FILE

__all__ = [
    "LOCK_FILE",
    "LOG_POSITION_FILE",
    "SOCKET_FILE",
    "STORE_FILE",
    "Node",
    "distribute",
    "folder_of",
    "holder_socket",
    "is_server",
    "open_node",
    "store_path",
    "version",
]
