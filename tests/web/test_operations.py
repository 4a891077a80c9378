"""Health, readiness and metrics."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rxtrail.errors import Busy, StoreFailed
from tests.web import scene
from tests.web.conftest import GOOD

if TYPE_CHECKING:
    from tests.web.conftest import Api


def test_a_live_server_says_so_without_asking_the_store(planted: Any) -> None:
    def busy() -> None:
        raise Busy("The store does not answer.")

    client: Api = planted(identity=busy, status=busy)
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 503
    assert client.get("/metrics").status_code == 503


def test_a_ready_server_says_so(api: Api) -> None:
    assert api.get("/readyz?probe=7").json() == {"status": "ready"}


def test_metrics_count_verdicts_and_hold_the_size_of_the_record(api: Api) -> None:
    api.verify(scene.scan(GOOD), site=scene.PHARMACY)
    api.get("/nosuch")
    text = api.get("/metrics").text
    assert 'rxtrail_verdicts_total{verdict="ok"} 1' in text
    assert "rxtrail_verify_seconds_count 1" in text
    assert 'rxtrail_requests_total{method="GET",status="404"} 1' in text
    assert re.search(r"^rxtrail_packages 5$", text, re.MULTILINE)


def test_a_writer_that_has_stopped_is_not_ready_and_lost_scans_are_counted(planted: Any) -> None:
    client: Api = planted(failed=StoreFailed("disk gone"), scans_dropped=3)
    assert client.get("/readyz").status_code == 503
    assert "rxtrail_scans_dropped_total 3" in client.get("/metrics").text


def test_every_line_of_the_metrics_has_the_prometheus_form(api: Api) -> None:
    api.verify("x")
    form = re.compile(r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.e+-]+')
    for line in api.get("/metrics").text.splitlines():
        assert form.fullmatch(line), line


def test_an_invented_method_makes_no_new_series(api: Api) -> None:
    api("BREW", "/")
    assert "BREW" not in api.get("/metrics").text
