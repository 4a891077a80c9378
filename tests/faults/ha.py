"""Three PostgreSQL nodes that Patroni and etcd keep available, on loopback, to be killed, frozen and watched.

Patroni comes with what the tests need, PostgreSQL as for every test; ``etcd`` must be on PATH.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.postgres import binaries
from tests.postgres.binaries import NoServer, give, new_folder, popen_words, programs
from tests.postgres.databases import HOST, uri
from tests.postgres.processes import alive, family, free_shared_memory, mentioning
from tests.postgres.server import DURABLE, USER, free_port
from tests.postgres.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NAMES = ("one", "two", "three")
TTL_SECONDS = 20  # the lease of a leader: Patroni allows no shorter one, and it bounds the gap in writing
SECONDS_MAX = 120
# What Patroni needs to run with etcd; the rest of its requirements is for its own command line and for Consul.
PATRONI = (
    *("patroni", "python-etcd", "dnspython", "urllib3", "PyYAML", "python-dateutil", "psutil"),
    *("psycopg", "psycopg-binary", "typing_extensions"),
)


class HaCluster:
    """Three nodes with synchronous replication; ``start`` waits until one leads and another is synchronous."""

    def __init__(self, *, strict: bool = False, settings: dict[str, str] | None = None) -> None:
        assert not set(settings or {}) & set(DURABLE), "a cluster that does not sync proves nothing"
        etcd = shutil.which("etcd")
        if etcd is None:
            raise NoServer("no etcd on PATH (Debian: apt-get install etcd-server)")
        self._etcd_program = etcd
        self._python, self._python_env = _python_for_patroni()
        self._strict = strict
        self._settings = settings or {}
        self._passwords = {who: secrets.token_urlsafe(24) for who in (USER, "replicator", "rewinder")}
        self.folder: Path = new_folder("ha")
        self.ports = {name: free_port() for name in NAMES}
        self._rest_ports = {name: free_port() for name in NAMES}
        self._etcd_port = free_port()
        self._etcd_peer_port = free_port()
        self._watch = Watch(self.folder)
        self._etcd: subprocess.Popen[bytes] | None = None
        self._patroni: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- where it is --------------------------------------------------------------------------------------

    def dsn(self, dbname: str = "postgres") -> str:
        """Give the URI of whichever node takes writes."""
        return self._dsn(NAMES, dbname, "read-write")

    def dsn_any(self, dbname: str = "postgres") -> str:
        """Give the URI of whichever node answers, the leader or a replica."""
        return self._dsn(NAMES, dbname, "any")

    def dsn_of(self, name: str, dbname: str = "postgres") -> str:
        """Give the URI of one node."""
        return self._dsn((name,), dbname, "any")

    # --- who is who ---------------------------------------------------------------------------------------

    def leader(self) -> str | None:
        """Give the node that holds the lease and takes writes; None while there is none."""
        for name in self._patroni:
            if self._ask(name, "primary")[0] == 200:
                return name
        return None

    def roles(self) -> dict[str, str]:
        """Give what each node is: leader, sync_standby or replica; one that is down or not yet following is absent."""
        # What etcd knows of a node outlives the node for a while, so each is asked itself.
        healthy = [name for name in self._patroni if self._ask(name, "health")[0] == 200]
        for name in healthy:
            code, told = self._ask(name, "cluster")
            if code == 200:
                members = [member for member in told["members"] if member["name"] in healthy]
                # One that comes back is on the old timeline until it was rewound and follows the new leader.
                newest = max((member.get("timeline", 0) for member in members), default=0)
                return {
                    member["name"]: member["role"]
                    for member in members
                    if member["state"] in {"running", "streaming"} and member.get("timeline") == newest
                }
        return {}

    def wait_for_leader(self, *, other_than: str = "", seconds: float = SECONDS_MAX) -> str:
        """Wait until a node, or another one than that, takes writes."""
        found: list[str] = []

        def led() -> bool:
            leader = self.leader()
            found[:] = [leader] if leader is not None and leader != other_than else []
            return bool(found)

        self._wait(led, seconds, "no node became leader")
        return found[0]

    def wait_for_no_leader(self, *, seconds: float = SECONDS_MAX) -> None:
        """Wait until no node takes writes."""
        self._wait(lambda: self.leader() is None, seconds, "a node still leads")

    def wait_until_whole(self, *, nodes: int = len(NAMES), seconds: float = SECONDS_MAX) -> dict[str, str]:
        """Wait until so many nodes run, one leads and one is its synchronous standby; give their roles."""
        found: dict[str, str] = {}

        def whole() -> bool:
            found.clear()
            found.update(self.roles())
            return len(found) >= nodes and {"leader", "sync_standby"} <= set(found.values())

        self._wait(whole, seconds, f"fewer than {nodes} nodes are in step")
        return found

    # --- life and death -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Start etcd and the nodes, and wait until they are whole."""
        try:
            self._start_etcd()
            for name in NAMES:
                self._configure(name)
                self._start_node(name)
            self.wait_until_whole()
        except BaseException:
            self.stop()
            raise

    def kill_node(self, name: str) -> None:
        """SIGKILL a node's Patroni and every process of its PostgreSQL."""
        patroni = self._patroni.pop(name)
        # Frozen from the top down, so that nobody starts or ends another in good order meanwhile.
        _signal([patroni.pid], signal.SIGSTOP)
        _signal(self._pids_of(name), signal.SIGSTOP)
        doomed = {patroni.pid, *(process.pid for process in family(patroni.pid)), *self._pids_of(name)}
        _signal(doomed, signal.SIGKILL)
        patroni.wait(SECONDS_MAX)
        self._wait(lambda: not any(alive(pid) for pid in doomed), SECONDS_MAX, f"{name} does not die")
        self._note()

    def restart_node(self, name: str) -> None:
        """Start a killed node again; it rejoins by itself, see ``wait_until_whole``."""
        assert name not in self._patroni, f"{name} runs"
        self._start_node(name)

    def freeze_etcd(self) -> None:
        """Stop etcd from answering, as a partition from its quorum does."""
        assert self._etcd is not None
        self._etcd.send_signal(signal.SIGSTOP)

    def thaw_etcd(self) -> None:
        """Let etcd answer again."""
        assert self._etcd is not None
        self._etcd.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End every process and remove every file."""
        for name in tuple(self._patroni):
            self.kill_node(name)
        for name in NAMES:
            free_shared_memory(self._data(name))
        if self._etcd is not None:
            self._etcd.kill()
            self._etcd.wait(SECONDS_MAX)
            self._etcd = None
        self._watch.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self, name: str, lines: int = 40) -> str:
        """Give the last lines of what a node, or etcd, logged."""
        log = self.folder / f"{name}.log"
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    # --- below --------------------------------------------------------------------------------------------

    def _dsn(self, names: tuple[str, ...], dbname: str, session: str) -> str:
        return uri(
            {
                "user": USER,
                "password": self._passwords[USER],
                "host": ",".join(HOST for _ in names),
                "port": ",".join(str(self.ports[name]) for name in names),
                "dbname": dbname,
                "connect_timeout": "3",
                "target_session_attrs": session,
            }
        )

    def _ask(self, name: str, path: str) -> tuple[int, dict[str, Any]]:
        """Ask a node's Patroni; 0 stands for no answer."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self._rest_ports[name]}/{path}", timeout=3) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, {}
        except (OSError, ValueError):
            return 0, {}

    def _wait(self, done: Callable[[], bool], seconds: float, otherwise: str) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            for name, process in self._patroni.items():
                assert process.poll() is None, f"Patroni of {name} ended:\n{self.log_tail(name)}"
            if time.monotonic() > deadline:
                told = "\n".join(f"--- {name}\n{self.log_tail(name, 15)}" for name in ("etcd", *NAMES))
                raise AssertionError(f"{otherwise} after {seconds:.0f} s: {self.roles()}\n{told}")
            time.sleep(0.1)

    def _data(self, name: str) -> Path:
        return self.folder / name / "data"

    def _pids_of(self, name: str) -> list[int]:
        """Give the processes of a node: PostgreSQL's do not descend from Patroni, which must be able to restart."""
        return [process.pid for root in mentioning(str(self._data(name))) for process in family(root)]

    def _note(self) -> None:
        running = [process.pid for process in self._patroni.values()]
        running += [self._etcd.pid] if self._etcd is not None else []
        self._watch.end_with_us(running, [self._data(name) for name in self._patroni])

    def _start(self, name: str, command: list[str | Path], env: dict[str, str]) -> subprocess.Popen[bytes]:
        words = popen_words()
        words["env"] = {**words["env"], **env}
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **words)

    def _start_etcd(self) -> None:
        client, peer = (f"http://{HOST}:{port}" for port in (self._etcd_port, self._etcd_peer_port))
        command: list[str | Path] = [
            *(self._etcd_program, "--name", "etcd", "--data-dir", self.folder / "etcd"),
            *("--listen-client-urls", client, "--advertise-client-urls", client),
            *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
            *("--initial-cluster", f"etcd={peer}"),
        ]
        self._etcd = self._start("etcd", command, {})
        self._note()

    def _start_node(self, name: str) -> None:
        # The bytes of its modules were compiled elsewhere or not at all; it must not try to write them.
        env = {**self._python_env, "PYTHONDONTWRITEBYTECODE": "1"}
        command: list[str | Path] = [self._python, "-m", "patroni", self.folder / name / "patroni.json"]
        self._patroni[name] = self._start(name, command, env)
        self._note()

    def _configure(self, name: str) -> None:
        """Write a node's configuration; JSON is YAML."""
        folder = self.folder / name
        folder.mkdir()
        give(folder)
        scram = "scram-sha-256"
        logins = {"superuser": USER, "replication": "replicator", "rewind": "rewinder"}
        words = {
            "scope": "rxtrail",
            "name": name,
            "restapi": dict.fromkeys(("listen", "connect_address"), f"{HOST}:{self._rest_ports[name]}"),
            "etcd3": {"host": f"{HOST}:{self._etcd_port}"},
            "watchdog": {"mode": "off"},
            "bootstrap": {
                "dcs": {
                    "ttl": TTL_SECONDS,
                    "loop_wait": 3,
                    "retry_timeout": 5,
                    "synchronous_mode": True,
                    "synchronous_mode_strict": self._strict,
                    "postgresql": {
                        "use_pg_rewind": True,
                        "parameters": {
                            **dict.fromkeys(DURABLE, "on"),
                            "dynamic_shared_memory_type": "mmap",  # a killed node leaves none outside its folder
                            "timezone": "UTC",
                            **self._settings,
                        },
                    },
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"],
            },
            "postgresql": {
                **dict.fromkeys(("listen", "connect_address"), f"{HOST}:{self.ports[name]}"),
                "data_dir": str(self._data(name)),
                "bin_dir": str(programs().folder),
                "pgpass": str(folder / "pgpass"),
                "parameters": {"unix_socket_directories": str(folder)},
                "authentication": {
                    kind: {"username": who, "password": self._passwords[who]} for kind, who in logins.items()
                },
                "pg_hba": [
                    f"local all all {scram}",
                    f"host all all {HOST}/32 {scram}",
                    f"host replication replicator {HOST}/32 {scram}",
                ],
            },
        }
        config = folder / "patroni.json"
        config.touch(0o600)
        config.write_text(json.dumps(words, indent=1), encoding="utf-8")
        give(config)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


# --- a Python that Patroni can run with --------------------------------------------------------------------


def _python_for_patroni() -> tuple[Path, dict[str, str]]:
    """Give a Python and its settings with which the servers' account can run Patroni, which refuses root."""
    if importlib.util.find_spec("patroni") is None:
        raise NoServer("no Patroni beside this Python: make install")
    ours = Path(sys.executable)
    path = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    words = popen_words()
    words["env"] = {**words["env"], **path}
    with contextlib.suppress(PermissionError):
        tried = subprocess.run(
            [ours, "-c", "import patroni, etcd, psycopg"], check=False, cwd="/", capture_output=True, **words
        )
        if tried.returncode == 0:
            return ours, path
    # Our own Python lies where only we may read; nobody gets a copy of what it needs of it.
    base = Path(sys.base_prefix)
    python = Path(sys.base_exec_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    standard = Path(os.__file__).parent
    copy = binaries.readable_copy(
        *(python.resolve(), standard, *(base / "lib").glob("libpython*")),
        below=base,
        without=("__pycache__", "site-packages", "test", "idlelib", "config-*"),
    )
    site = copy / "site"
    for name in PATRONI:
        for file in importlib.metadata.files(name) or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:  # its commands and caches stay behind
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), site / file)
    binaries.open_to_all(site)
    env = {"PYTHONPATH": str(site), "LD_LIBRARY_PATH": str(copy / "lib")}
    return copy / python.resolve().relative_to(base), env
