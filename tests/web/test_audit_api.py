"""An audit by HTTP: started, followed, and its report."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.web.conftest import Api


def test_an_audit_is_started_and_its_report_read(api: Api) -> None:
    assert api.get("/api/v1/audit").status_code == 404
    started = api.post("/api/v1/audit", json={"incremental": False})
    assert (started.status_code, started.json()["state"]) == (202, "running")
    second = api.post("/api/v1/audit", json={})
    assert second.status_code in (202, 423, 409, 503)
    until = time.monotonic() + 60
    while (job := api.get("/api/v1/audit").json())["state"] == "running" and time.monotonic() < until:
        time.sleep(0.1)
    assert job["state"] == "done", job
    assert job["report"]["whole"], job["report"]["faults"]
    assert job["report"]["log_size"] == api.get("/api/v1/status").json()["log_size"]
