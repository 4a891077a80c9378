"""Stock, partners and exports."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.errors import StoreFailed
from rxtrail.web import limits
from tests import story
from tests.story import gtin
from tests.web import scene
from tests.web.conftest import GOOD, ODD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.bootstrap import Node
    from tests.web.conftest import Api

CSV = {"content-type": "text/csv"}
GTINS = [gtin(item) for item in ("55555", "66666", "77777")]


def test_counted_in_packs_are_on_record(api: Api) -> None:
    rows = [
        {"scan": scene.scan("OLD1")},
        {"gtin": scene.GTIN, "serial": "OLD2", "lot": "L1", "expiry": "2029-01-31"},
    ]
    answer = api.post("/api/v1/stock", json={"rows": rows, "by": "A. Kim", "supplier": "Northern", "ref": "77"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["counted"] == 2
    verdict = api.verify(scene.scan("OLD1"))
    assert verdict["record"]["basis"] == "counted-in"


def test_a_count_in_names_who_counted(api: Api) -> None:
    answer = api.post("/api/v1/stock", json={"rows": [], "by": ""})
    assert answer.status_code == 400
    assert answer.json()["place"] == "by"


def test_with_one_row_that_cannot_be_counted_none_is_and_the_row_is_named(api: Api) -> None:
    answer = api.post("/api/v1/stock", json={"rows": [{"scan": "garbage"}], "by": "A. Kim"})
    assert answer.status_code == 400
    assert answer.json()["place"] == "row 1"


def test_a_table_past_its_limit_is_413(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TABLE_BYTES_MAX", 100)
    assert api("PUT", "/api/v1/partners", content=b"x" * 101, headers=CSV).status_code == 413
    assert api.post("/api/v1/stock", json={"rows": [], "by": "A" * 100}).status_code == 413


def test_partners_are_replaced_and_listed(api: Api) -> None:
    table = f"name,gln,role,relation,status,valid_until\nAcme Pharma,{scene.MAKER},maker,supplier,active,\n"
    answer = api("PUT", "/api/v1/partners", content=table.encode(), headers=CSV)
    assert answer.status_code == 200, answer.text
    assert answer.json()["partners"] == 1
    listed = api.get("/api/v1/partners").json()["partners"]
    assert [partner["name"] for partner in listed] == ["Acme Pharma"]


def test_a_wrong_partner_table_changes_nothing(api: Api) -> None:
    answer = api("PUT", "/api/v1/partners", content=b"name,gln,role\nX,123,maker\n", headers=CSV)
    assert answer.status_code == 400
    assert api.get("/api/v1/partners").json()["partners"] == []


def test_products_are_added_replaced_paged_and_removed(api: Api) -> None:
    table = "gtin,name,exempt\n" + "".join(f"{gtin},P{n},otc\n" for n, gtin in enumerate(GTINS))
    answer = api("POST", "/api/v1/products", content=table.encode(), headers=CSV)
    assert (answer.status_code, answer.json()["added"]) == (200, 3), answer.text
    first = api.get("/api/v1/products?limit=2").json()
    assert [product["gtin"] for product in first["products"]] == sorted(GTINS)[:2]
    second = api.get(first["next"]).json()
    assert ([product["gtin"] for product in second["products"]], second["next"]) == (sorted(GTINS)[2:], "")
    assert api.post("/api/v1/verify", json={"scan": GTINS[0][1:]}).json()["verdict"] == "not-covered"
    rows = [{"gtin": GTINS[1], "name": "Only"}]
    assert api("PUT", "/api/v1/products", json=rows).json() == {"products": 1, "added": 0, "changed": 1, "removed": 2}
    assert api.get(f"/api/v1/products/{GTINS[1]}").json()["name"] == "Only"
    assert api("DELETE", f"/api/v1/products/{GTINS[1]}").status_code == 200
    assert api.get(f"/api/v1/products/{GTINS[1]}").status_code == 404
    assert api("DELETE", f"/api/v1/products/{GTINS[1]}").status_code == 404
    assert api("POST", "/api/v1/products", content=b"gtin\n1", headers=CSV).status_code == 400
    assert api("POST", "/api/v1/products", content=b"gtin", headers={"Content-Type": "text/plain"}).status_code == 415


def test_partners_are_sent_as_csv(api: Api) -> None:
    assert api("PUT", "/api/v1/partners", json={}).status_code == 415


def test_packs_are_exported_as_csv_with_every_serial_whole(api: Api) -> None:
    answer = api.get("/api/v1/export/packs?format=csv")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
    assert GOOD in cells
    assert ODD in cells


def test_events_are_exported_as_json_lines(api: Api) -> None:
    answer = api.get("/api/v1/export/events?format=json")
    assert answer.status_code == 200
    events = [json.loads(line) for line in answer.text.splitlines()]
    assert len(events) == 5


def test_filters_narrow_an_export(api: Api) -> None:
    answer = api.get("/api/v1/export/packs", params={"format": "json", "serial": GOOD})
    assert len(answer.text.splitlines()) == 1


@pytest.mark.parametrize("query", ["gitn=1", "format=docx", "gtin=1&gtin=2"])
def test_a_misspelt_or_repeated_filter_never_exports_everything(api: Api, query: str) -> None:
    assert api.get(f"/api/v1/export/packs?{query}").status_code == 400


def test_only_transactions_packs_and_events_are_exported(api: Api) -> None:
    assert api.get("/api/v1/export/secrets").status_code == 400


def test_transaction_information_is_one_list_of_sales(api: Api) -> None:
    answer = api.get("/api/v1/export/ti", params={"format": "json", "serial": GOOD})
    assert answer.headers["content-type"] == "application/json"
    assert 'filename="rxtrail-ti.json"' in answer.headers["content-disposition"]
    (sale,) = answer.json()
    assert (sale["from"]["gln"], sale["to"]["gln"], sale["serials"]) == (scene.MAKER, scene.PHARMACY, [GOOD])
    assert (sale["from"]["name"], sale["lot"], sale["expiry"]) == ("Acme Pharma", scene.LOT, scene.EXPIRY)
    assert api.get("/api/v1/export/ti", params={"format": "json", "partner": "0399999999999"}).json() == []


@pytest.mark.parametrize("what", ["ti", "events", "packs"])
@pytest.mark.parametrize(
    ("form", "media_type", "start"),
    [
        ("pdf", "application/pdf", b"%PDF-"),
        ("parquet", "application/vnd.apache.parquet", b"PAR1"),
        ("epcis-xml-2.0", "application/xml", b"<?xml"),
    ],
)
def test_everything_is_exported_in_every_form(api: Api, what: str, form: str, media_type: str, start: bytes) -> None:
    answer = api.get(f"/api/v1/export/{what}?format={form}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.content.startswith(start)


def test_what_a_document_cannot_say_is_asked_for_where_its_link_points(api: Api, node: Node) -> None:
    logged = story.sensed(story.sscc(1), values=[(12, 4.5)])
    node.capture(io.BytesIO(story.SYNTAXES["json"]([logged], sender=story.MAKER, receiver=None, form="link")), name="x")
    document = api.get("/api/v1/export/events", params={"format": "epcis-xml-1.2", "since": "2026-11-01"})
    link = document.headers["link"]
    assert link.endswith('>; rel="describedby"')
    assert "since=2026-11-01" in link
    answer = api.get("/api/v1/export/events" + link.partition("<")[2].partition(">")[0])
    assert answer.headers["content-type"] == "application/json"
    assert [(each["code"], each["place"]) for each in answer.json()["findings"]] == [("NEWER_THAN_1_2", logged.id)]
    assert api.get("/api/v1/export/events?format=epcis&findings=true").json() == {"findings": []}
    assert api.get("/api/v1/export/events?format=csv&findings=true").status_code == 400
    assert api.get("/api/v1/export/events?format=epcis&findings=true&since=soon").status_code == 400
    assert "link" not in api.get("/api/v1/export/events?format=json").headers


def test_an_export_that_fails_on_the_way_does_not_look_whole(planted: Any) -> None:
    def export(*_: object, **__: object) -> Iterator[bytes]:
        yield b"first\n"
        raise StoreFailed("disk gone")

    client: Api = planted(export=export)
    answer = client.get("/api/v1/export/packs")
    # Over HTTP the connection breaks; here the transport shows what was sent.
    assert answer.text == "first\n"
    assert client.app.web.store_failure is not None


def test_a_maker_gives_out_serial_numbers_and_lists_them(api: Api, node: Node) -> None:
    order = {"gtin": scene.GTIN, "count": 5}
    assert api.post("/api/v1/serials", json=order).status_code == 409, "a hub makes nothing"
    node.init("maker", [scene.MAKER])
    made = api.post("/api/v1/serials", json=order).json()
    assert (made["gtin"], len(set(made["serials"])), made["issued"]) == (scene.GTIN, 5, 5)
    assert 0 < made["guess_probability"] < 0.0001
    first = api.get("/api/v1/serials", params={"gtin": scene.GTIN, "limit": 3}).json()
    rest = api.get(first["next"]).json()
    assert [one["serial"] for one in (*first["serials"], *rest["serials"])] == sorted(made["serials"])
    assert rest["next"] == ""
    for wrong in ({"gtin": "1"}, {"gtin": scene.GTIN, "count": 10_001}, {"gtin": scene.GTIN, "cuont": 5}, {}):
        assert api.post("/api/v1/serials", json=wrong).status_code == 400
    assert api.get("/api/v1/serials").status_code == 400


def test_partners_are_listed_by_name_and_page_by_page(api: Api) -> None:
    rows = [f"{name},{gln},wholesaler" for name, gln in (("Cedar", story.MAKER.gln), ("Ash", story.PHARMACY.gln))]
    table = "\n".join(["name,gln,role", *rows, f"Birch,{story.WHOLESALER.gln},pharmacy"])
    assert api("PUT", "/api/v1/partners", content=table.encode(), headers=CSV).status_code == 200
    first = api.get("/api/v1/partners?limit=2").json()
    assert [partner["name"] for partner in first["partners"]] == ["Ash", "Birch"]
    rest = api.get(first["next"]).json()
    assert ([partner["name"] for partner in rest["partners"]], rest["next"]) == (["Cedar"], "")
    assert api.get("/api/v1/partners?limit=0").status_code == 400
