"""Where DATA lies, and the settings file of serve."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from rxtrail import config
from rxtrail.errors import BadRequest


def test_the_folder_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RXTRAIL_DATA", str(tmp_path / "environment"))
    assert config.data_folder(str(tmp_path / "given")) == tmp_path / "given"
    assert config.data_folder(None) == tmp_path / "environment"


def test_without_any_setting_the_platform_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RXTRAIL_DATA", raising=False)
    assert config.data_folder(None) == platformdirs.user_data_path("rxtrail", appauthor=False)


def test_a_tilde_is_the_home_folder_and_a_relative_folder_is_made_absolute() -> None:
    assert config.data_folder("~/rx") == Path.home() / "rx"
    assert config.data_folder("rx").is_absolute()


def _settings(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rxtrail.toml"
    path.write_text(text)
    return path


def test_settings_are_read(tmp_path: Path) -> None:
    read = config.read_serve_config(_settings(tmp_path, 'host = "0.0.0.0"\nport = 80\ndata = "/srv/rx"'))
    assert (read.host, read.port, read.data, read.store) == ("0.0.0.0", 80, "/srv/rx", "")


def test_no_settings_are_the_defaults(tmp_path: Path) -> None:
    assert config.read_serve_config(_settings(tmp_path, "")) == config.ServeConfig()


@pytest.mark.parametrize(
    "text",
    [
        "port = 'eighty'",
        "prot = 80",
        "port = ",
        "port = 65536",
        "port = -1",
        "host = 1",
        "[server]\nport = 1",
    ],
)
def test_settings_that_do_not_fit_are_refused_with_the_file_named(tmp_path: Path, text: str) -> None:
    path = _settings(tmp_path, text)
    with pytest.raises(BadRequest) as refused:
        config.read_serve_config(path)
    assert str(path) in refused.value.place
    assert refused.value.advice


def test_settings_that_are_not_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rxtrail.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadRequest):
        config.read_serve_config(path)
    path.write_bytes(b"#" * (config.CONFIG_BYTES_MAX + 1))
    with pytest.raises(BadRequest, match="larger"):
        config.read_serve_config(path)
    with pytest.raises(BadRequest, match="cannot be read"):
        config.read_serve_config(tmp_path / "missing.toml")
