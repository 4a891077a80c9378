"""Lists of changes over HTTP and from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.web.app import build
from tests import story
from tests.story import GTIN, LOT, MAKER, PHARMACY, Scene, delivery, element_string, pack, packs
from tests.web.conftest import Api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKS = packs(12)
PATH = "/api/v1/packs/changes"


@pytest.fixture
def api(pharmacy: Scene) -> Iterator[Api]:
    pharmacy.capture(*delivery(*PACKS))
    client = Api(build(pharmacy.node))
    yield client
    client.close()


def ended(api: Api, address: str) -> dict[str, Any]:
    until = time.monotonic() + 20
    while (job := api.get(address).json())["state"] == "running":
        assert time.monotonic() < until
        time.sleep(0.01)
    return dict(job)


def test_a_list_is_taken_in_and_its_answers_are_read_page_by_page(api: Api) -> None:
    items = [{"code": element_string(epc)} for epc in PACKS[:5]]
    items += [{"gtin": GTIN, "serial": epc[21:], "lot": LOT, "expiry": "2028-09-30"} for epc in PACKS[5:]]
    items.append({"code": element_string(pack("NOBODYS"))})
    answer = api.post(PATH, json={"state": "dispensed", "site": PHARMACY.gln, "items": items})
    assert answer.status_code == 202
    assert ended(api, answer.headers["location"])["refused"] == 1
    told: list[dict[str, Any]] = []
    address = f"{answer.headers['location']}/results?limit=5"
    while address:
        page = api.get(address).json()
        told += page["results"]
        address = page.get("next", "")
    assert [result["outcome"] for result in told] == ["done"] * 12 + ["refused"]
    assert told[12]["place"] == "no-transaction-data"
    assert api.get(f"/api/v1/packs/{GTIN}/{PACKS[5][21:]}").json()["state"]["disposition"] == "dispensed"


def test_json_lines_say_the_rest_as_parameters(api: Api) -> None:
    lines = "\n".join(json.dumps({"code": element_string(epc)}) for epc in PACKS) + "\n\n"
    answer = api.post(
        f"{PATH}?state=on-hold&reason=wet&site={PHARMACY.gln}",
        content=lines,
        headers={"content-type": "application/x-ndjson", "idempotency-key": "list-1"},
    )
    assert answer.status_code == 202, answer.text
    assert ended(api, answer.headers["location"])["done"] == 12
    assert api.verify(element_string(PACKS[3]))["verdict"] == "stop"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"state": "dispensed", "items": []}, "items"),
        ({"state": "sold", "items": [{"code": "x"}]}, "state"),
        ({"state": "dispensed", "items": [{"gtin": "1", "serial": "2"}]}, "items.0.gtin"),
        ({"state": "dispensed", "items": [{"code": "x", "colour": "red"}]}, "items[0]"),
        ({"items": [{"code": "x"}]}, "state"),
    ],
)
def test_a_list_that_does_not_fit_is_a_problem_with_its_place(body: dict[str, Any], place: str, api: Api) -> None:
    answer = api.post(PATH, json=body)
    assert answer.status_code == 400
    assert answer.json()["place"] == place


def test_an_unknown_list_is_not_found(api: Api) -> None:
    assert api.get("/api/v1/changes/nothing").status_code == 404
    assert api.get("/api/v1/changes/nothing/results").status_code == 404


def test_a_refusal_in_the_eu_market_names_its_alert(api: Api, pharmacy: Scene) -> None:
    pharmacy.node.init("pharmacy", [PHARMACY.gln], market="eu")
    path = f"/api/v1/packs/{GTIN}/{PACKS[0][21:]}"
    scanned = {"state": "dispensed", "lot": LOT, "expiry": "2028-09-30", "site": PHARMACY.gln}
    first = api("PATCH", path, json=scanned)
    assert first.json()["undo_until"]
    second = api("PATCH", path, json=scanned)
    assert second.status_code == 409
    assert second.json()["eu"]["code"] == "A7"
    assert second.json()["eu"]["alert_id"].startswith("A7-")
    assert second.json()["state"]["disposition"] == "dispensed"
    back = api("PATCH", path, json={"state": "active", "reason": "never came", "site": PHARMACY.gln})
    assert back.json()["disposition"] == "active"


def test_in_the_us_a_dispensed_pack_is_put_back_by_an_attestation(api: Api) -> None:
    path = f"/api/v1/packs/{GTIN}/{PACKS[0][21:]}"
    api("PATCH", path, json={"state": "dispensed", "lot": LOT, "expiry": "2028-09-30", "site": PHARMACY.gln})
    back = {"state": "active", "reason": "patient never came", "by": "A. Kim", "site": PHARMACY.gln}
    refused = api("PATCH", path, json=back)
    assert (refused.status_code, refused.json()["place"]) == (409, "attestation")
    assert "eu" not in refused.json()
    nameless = api("PATCH", path, json={**back, "by": "", "attestation": "it never left"})
    assert (nameless.status_code, nameless.json()["place"]) == (400, "by")
    assert api("PATCH", path, json={**back, "attestation": "it never left"}).json()["disposition"] == "active"


@pytest.mark.sqlite_only
def test_the_command_line_changes_what_is_on_stdin(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with story.scene(data, "pharmacy", PHARMACY) as scene:
        scene.partners((MAKER, "maker"))
        scene.capture(*delivery(*PACKS))
    codes = "".join(f"(01){GTIN}(21){epc[21:]}(17)280930(10){LOT}\n" for epc in [*PACKS, pack("NOBODYS")])

    def run(*words: str, stdin: str = "") -> tuple[int, list[dict[str, Any]]]:
        done = subprocess.run(
            [sys.executable, "-m", "rxtrail", *words, "--data", str(data), "--json"],
            input=stdin, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.stdout or done.returncode, done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    code, told = run("dispense", "-", "--site", PHARMACY.gln, "--ref", "RX-77", stdin=codes)
    assert code == 1, "one of them was refused"
    assert [result["outcome"] for result in told] == ["done"] * 12 + ["refused"]
    code, told = run("ref", codes.splitlines()[0])
    assert (code, [each["ref"] for each in told]) == (0, ["RX-77"])
    assert run("dispense", "-", "--site", PHARMACY.gln)[0] == 2, "nothing on stdin"
