"""A backup as a download."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.bootstrap.moving import check_backup

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Api


def test_a_backup_is_downloaded_while_the_node_serves(api: Api, tmp_path: Path) -> None:
    answer = api.get("/api/v1/backup")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="rxtrail.backup"'
    (tmp_path / "x.backup").write_bytes(answer.content)
    manifest = check_backup(tmp_path / "data", None, tmp_path / "x.backup", progress=lambda *_: None)
    assert manifest.log_size == api.get("/api/v1/status").json()["log_size"]


def test_a_backup_takes_no_parameters_and_no_changes(api: Api) -> None:
    assert api.get("/api/v1/backup?table=unit").status_code == 400
    assert api.post("/api/v1/backup").status_code == 405
