"""Settings: where DATA lies, and the TOML file of ``rxtrail serve``. Command-line options win over both."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from rxtrail.errors import BadRequest
from rxtrail.log_settings import LogSettings

DATA_VARIABLE = "RXTRAIL_DATA"
ROOT_KEY_VARIABLE = "RXTRAIL_ROOT_KEY_FILE"
CONFIG_BYTES_MAX = 1 << 20
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8470
Settings = TypeVar("Settings", bound=msgspec.Struct)


class ServeConfig(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What ``rxtrail serve --config FILE`` may set; empty ``data`` and ``store`` mean the defaults."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    hosts: list[str] = []  # names of a reverse proxy that the server answers to beside the loopback ones
    data: str = ""
    store: str = ""
    webhook_networks: list[str] = []  # inside, such as 10.20.0.0/16: to where those with a site key may be told, too
    log: LogSettings = LogSettings()


def chosen_folder(given: str | None) -> Path | None:
    """The DATA folder that was asked for: the one given, else ``$RXTRAIL_DATA``; None when neither is."""
    chosen = given or os.environ.get(DATA_VARIABLE, "")
    return Path(chosen).expanduser().absolute() if chosen else None


def root_key_file() -> Path | None:
    """The file that keeps the root key outside of DATA, where ``$RXTRAIL_ROOT_KEY_FILE`` names one."""
    chosen = os.environ.get(ROOT_KEY_VARIABLE, "")
    return Path(chosen).expanduser().absolute() if chosen else None


def data_folder(given: str | None) -> Path:
    """The DATA folder: the one asked for, else the platform's own."""
    chosen = chosen_folder(given)
    if chosen is not None:
        return chosen
    # Only this last case needs the library, and importing it costs more than a look-up of a pack.
    import platformdirs  # noqa: PLC0415

    return platformdirs.user_data_path("rxtrail", appauthor=False)


def read_serve_config(path: Path) -> ServeConfig:
    """The settings in a TOML file, checked; raises BadRequest with the line or field that does not fit."""
    config = read_toml(path, ServeConfig)
    if not 0 <= config.port <= 65535:
        raise BadRequest(f"not a port: {config.port}", place=f"{path}, port", advice="Give a number from 0 to 65535.")
    return config


def read_toml(path: Path, kind: type[Settings]) -> Settings:
    """Settings of one kind in a TOML file; raises BadRequest with the line or field that does not fit."""
    try:
        with path.open("rb") as file:
            content = file.read(CONFIG_BYTES_MAX + 1)
    except OSError as error:
        raise BadRequest(
            f"the settings file cannot be read: {error.strerror}",
            place=str(path),
            advice="Give --config the path of a TOML file that you may read.",
        ) from error
    if len(content) > CONFIG_BYTES_MAX:
        raise BadRequest(
            f"the settings file is larger than {CONFIG_BYTES_MAX} bytes",
            place=str(path),
            advice="Give --config the settings file; this looks like another file.",
        )
    try:
        return msgspec.toml.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(
            f"the settings file does not fit: {error}",
            place=str(path),
            advice=f"Known settings: {', '.join(kind.__struct_fields__)}.",
        ) from error
