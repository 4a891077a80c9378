"""At the counter: verdicts, changes and journeys on a real node, with the exit codes that scripts rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import PACK, PHARMACY, SSCC, CommandLine, bracketed

if TYPE_CHECKING:
    from collections.abc import Callable

CODE = bracketed(PACK)
ELSEWHERE = "0300011111253"
NEVER_MADE = "(01)00352601815904(21)ZZ99(17)301231(10)QD1DQ"


def test_a_pack_that_was_shipped_to_the_pharmacy_is_ok(pharmacy: CommandLine) -> None:
    ran = pharmacy.json("verify", CODE, "--site", PHARMACY)
    assert ran.code == 0, ran.out
    assert ran.one["verdict"] == "ok"
    assert ran.one["matched"] == {"serial": "yes", "lot": "yes", "expiry": "yes"}
    assert ran.one["record"]["basis"] in {"issuer", "supplier"}


def test_the_verdict_in_words_goes_to_stdout_and_nothing_to_stderr(pharmacy: CommandLine) -> None:
    ran = pharmacy("verify", CODE)
    assert ran.out.decode().splitlines()[0] == " ✔ OK  OK to dispense"
    assert ran.err == ""


@pytest.mark.parametrize(
    ("code", "verdict", "exit_code"),
    [
        (NEVER_MADE, "check", 3),
        ("(01)00352601815904(21)A1(17)301231(10)OTHER", "stop", 1),
        ("0352601815904", "check", 3),
        ("hello", "check", 3),
        ("\x1b[31m", "check", 3),
    ],
)
def test_the_exit_code_is_the_verdict(pharmacy: CommandLine, code: str, verdict: str, exit_code: int) -> None:
    ran = pharmacy.json("verify", code)
    assert (ran.one["verdict"], ran.code) == (verdict, exit_code), ran.out


def test_many_codes_are_answered_a_line_each_and_the_worst_is_the_exit_code(pharmacy: CommandLine) -> None:
    codes = [CODE, "", NEVER_MADE, "x" * 10_000_000, "(01)00352601815904(21)A1(17)301231(10)OTHER"]
    ran = pharmacy("verify", "-", stdin="\n".join(codes).encode())
    assert [line.get("verdict") for line in ran.lines] == ["ok", "check", None, "stop"]
    assert ran.lines[2]["error"]["place"] == "line 4"
    assert ran.code == 1
    assert pharmacy("verify", "-", stdin=f"{CODE}\n".encode()).code == 0
    assert pharmacy("verify", "-", stdin=f"{CODE}\n{NEVER_MADE}".encode()).code == 3


def test_codes_with_separators_bytes_and_control_characters_get_an_answer(pharmacy: CommandLine) -> None:
    wedge = f"]d201{PACK[0]}21{PACK[1]}\x1d17{PACK[3]}10{PACK[2]}"
    ran = pharmacy("verify", "-", stdin=wedge.encode() + b"\n\xff\xfe\x00\n\x1b[2J\r\n")
    assert [line["verdict"] for line in ran.lines] == ["ok", "check", "check"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", ""),
        ("verify", "   "),
        ("verify", "x" * 9000),
        ("verify", CODE, "--site", "0300011111247"),
        ("verify", CODE, "--site", ""),
        ("verify", CODE, "--purpose", "resell"),
        ("verify", CODE, "--key", "a\x07b"),
        ("dispense", CODE, "--override", "trust me"),
        ("dispense", CODE, "--partial", " "),
        ("hold", CODE),
        ("release", CODE),
        ("return", CODE),
        ("return", CODE, "--to", "somewhere"),
        ("hold", CODE, "--reason", "x" * 100_000),
    ],
)
def test_wrong_use_is_2_and_changes_nothing(pharmacy: CommandLine, arguments: tuple[str, ...]) -> None:
    before = pharmacy.json("status").one["events"]
    ran = pharmacy(*arguments)
    assert ran.code == 2, ran
    assert ran.out == b""
    assert ran.err.startswith("error: ")
    assert pharmacy.json("status").one["events"] == before


def test_a_dispensed_pack_is_stopped_at_the_next_counter(pharmacy: CommandLine) -> None:
    ran = pharmacy.json("dispense", CODE, "--site", PHARMACY, "--ref", "RX 17")
    assert ran.code == 0, ran.out
    assert ran.one["disposition"] == "dispensed"
    assert ran.one["log_index"] > 0
    again = pharmacy.json("dispense", CODE, "--site", ELSEWHERE)
    assert again.code == 1
    assert again.one["error"]["code"] == "refused"
    assert again.one["verdict"]["verdict"] == "stop"
    assert pharmacy("verify", CODE, "--site", ELSEWHERE).code == 1
    assert pharmacy("verify", CODE, "--site", PHARMACY).code != 0


def test_a_refusal_in_words_tells_the_verdict_and_what_to_do(pharmacy: CommandLine) -> None:
    pharmacy("decommission", CODE)
    ran = pharmacy("dispense", CODE)
    assert b"STOP" in ran.out
    assert ran.err.startswith("error: ")
    assert "  do: " in ran.err


def test_the_same_key_gets_the_first_answer(pharmacy: CommandLine) -> None:
    first = pharmacy.json("dispense", CODE, "--key", "k1").one
    second = pharmacy.json("dispense", CODE, "--key", "k1")
    assert second.code == 0
    assert second.one["repeated"]
    assert second.one["event_id"] == first["event_id"]


def test_amber_is_3_and_a_named_person_may_override_it(pharmacy: CommandLine) -> None:
    without_lot = f"(01){PACK[0]}(21){PACK[1]}"
    refused = pharmacy.json("dispense", without_lot)
    assert (refused.code, refused.one["verdict"]["verdict"]) == (3, "check")
    lifted = pharmacy.json("dispense", without_lot, "--override", "lot read by eye", "--by", "A. Kim")
    assert lifted.code == 0, lifted.out


def test_red_cannot_be_overridden(pharmacy: CommandLine) -> None:
    pharmacy("decommission", CODE)
    assert pharmacy("dispense", CODE, "--override", "but I must", "--by", "A. Kim").code == 1


def test_what_cannot_be_read_is_to_be_scanned_again(pharmacy: CommandLine) -> None:
    ran = pharmacy.json("dispense", "garbled")
    assert ran.code == 3
    assert ran.one["error"]["code"] == "bad-scan"


def test_a_part_of_a_pack_may_be_dispensed(pharmacy: CommandLine) -> None:
    assert pharmacy.json("dispense", CODE, "--partial", "10 of 30").one["disposition"] == "partially_dispensed"


def test_a_hold_stops_the_pack_until_it_is_released(pharmacy: CommandLine) -> None:
    assert pharmacy("hold", CODE, "--reason", "seal broken", "--by", "A. Kim").code == 0
    assert pharmacy("verify", CODE).code == 1
    assert pharmacy("release", CODE, "--reason", "seal was whole").code == 0
    assert pharmacy("verify", CODE).code == 0


def test_a_decommissioned_pack_is_stopped_and_may_come_back(pharmacy: CommandLine) -> None:
    assert pharmacy("decommission", CODE, "--reason", "damaged").code == 0
    assert pharmacy("verify", CODE).code == 1
    assert pharmacy("reactivate", CODE, "--attest", "it never left the shelf", "--by", "A. Kim").code == 0
    assert pharmacy("verify", CODE).code == 0


def test_a_returned_pack_is_not_handed_out(pharmacy: CommandLine) -> None:
    assert pharmacy("return", CODE, "--to", ELSEWHERE).code == 0
    assert pharmacy("verify", CODE, "--site", PHARMACY).code != 0


def test_receiving_a_container_answers_for_all_that_is_in_it(pharmacy: CommandLine) -> None:
    ran = pharmacy.json("receive", f"(00){SSCC}", "--site", PHARMACY)
    assert ran.code == 0, ran.err
    assert ran.one["contents"] == 3
    assert ran.one["by_verdict"] == {"ok": 3}
    assert pharmacy("receive", SSCC, "--site", PHARMACY).code == 0
    assert b"3 packs" in pharmacy("receive", SSCC, "--site", PHARMACY).out


def test_an_unknown_container_is_not_found(pharmacy: CommandLine) -> None:
    ran = pharmacy.json("receive", "(00)003011610012270536")
    assert ran.code == 1
    assert ran.one["error"]["code"] == "not-found"


@pytest.mark.parametrize("code", [CODE, "urn:epc:id:sgtin:0352601.081590.A1", f"(00){SSCC}"])
def test_the_journey_is_in_event_time_order(pharmacy: CommandLine, code: str) -> None:
    ran = pharmacy.json("trace", code)
    assert ran.code == 0
    times = [event["event_time"] for event in ran.one["events"]]
    assert times == sorted(times)
    assert times
    assert "shipping" in [event["biz_step"] for event in ran.one["events"]]


def test_the_journey_in_words_names_the_steps(pharmacy: CommandLine) -> None:
    told = pharmacy("trace", CODE).out.decode()
    assert "commissioning" in told
    assert "packing" in told
    assert "shipping" in told


def test_the_journey_of_what_is_not_on_record_is_1(pharmacy: CommandLine) -> None:
    ran = pharmacy.json("trace", NEVER_MADE)
    assert (ran.code, ran.one["found"]) == (1, False)


def test_opening_stock_is_counted_in(rxtrail: CommandLine, shipment: Callable[..., str]) -> None:
    rxtrail("init", "--role", "pharmacy", "--gln", PHARMACY)
    who = ("--by", "A. Kim", "--supplier", "Northern Wholesale", "--ref", "INV-7")
    old = "(01)00352601815904(21)OLD1(17)301231(10)QD1DQ"
    assert rxtrail("verify", old).code == 3
    ran = rxtrail.json("count-in", old, *who)
    assert (ran.code, ran.one["counted"]) == (0, 1)
    assert rxtrail("verify", old).code == 0
    again = rxtrail.json("count-in", "-", *who, stdin=f"{old}\n".encode()).one
    assert (again["counted"], again["already_on_record"]) == (0, 1)


def test_a_count_in_file_with_a_wrong_row_counts_nothing(rxtrail: CommandLine) -> None:
    rows = b"gtin,serial,lot,expiry\n00352601815904,OLD1,QD1DQ,2030-12-31\n00352601815905,OLD2,QD1DQ,2030-12-31\n"
    file = rxtrail.data.with_name("shelf.csv")
    file.write_bytes(rows)
    who = ("--by", "A. Kim", "--supplier", "Northern Wholesale", "--ref", "INV-7")
    ran = rxtrail.json("count-in", str(file), *who)
    assert ran.code == 1
    assert "row 2" in ran.err
    assert rxtrail("count-in", "missing.csv", *who).code == 2
    file.write_bytes(rows.replace(b"1815905", b"1815904"))
    assert rxtrail.json("count-in", str(file), *who).one["counted"] == 2


@pytest.mark.parametrize(
    ("code", "exit_code", "valid"),
    [(CODE, 0, True), ("00352601815904", 3, False), ("]d2010035260181590421A1", 0, True), ("nothing", 3, False)],
)
def test_scanner_text_is_read_without_a_record(rxtrail: CommandLine, code: str, exit_code: int, valid: bool) -> None:
    ran = rxtrail.json("scan", code)
    assert (ran.code, ran.one["valid"]) == (exit_code, valid)
    assert {"scheme", "product", "serial", "lot", "expiry", "valid", "submit", "readings", "repairs", "fault"} <= set(
        ran.one
    )
    if not valid:
        assert [ran.one[name] for name in ("product", "serial", "lot", "expiry")] == [None] * 4
    assert rxtrail("scan", code).code == exit_code
    assert not rxtrail.data.exists()


def test_the_expiry_of_a_scan_is_as_printed(rxtrail: CommandLine) -> None:
    assert rxtrail.json("scan", "(01)00352601815904(21)A1(17)270900(10)L").one["expiry"] == "270900"


def test_many_scans_are_read_a_line_each(rxtrail: CommandLine) -> None:
    ran = rxtrail("scan", "-", stdin=CODE.encode() + b"\n" + b"y" * 10_000_000 + b"\n")
    assert [line["valid"] for line in ran.lines] == [True, False]
    assert ran.code == 3
