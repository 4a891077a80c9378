"""``rxtrail validate``: files, folders and stdin, in words and as JSON, with exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.validation.test_meaning import COMPLETE, document, made, shipped
from tests.core.validation.test_schema_rules import ONE_EVENT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import CommandLine

BROKEN = ONE_EVENT.replace(b"OBSERVE", b"SEE")


def test_a_valid_document_exits_with_0(rxtrail: CommandLine) -> None:
    ran = rxtrail("validate", "-", stdin=ONE_EVENT)
    assert ran.code == 0
    assert b"stdin: valid by the schemas: EPCISDocument 2.0, 1 events, 0 errors, 0 warnings" in ran.out


def test_an_invalid_one_exits_with_1_and_says_where_why_and_what_to_do(rxtrail: CommandLine) -> None:
    ran = rxtrail("validate", "-", stdin=BROKEN)
    assert ran.code == 1
    assert b"error SCHEMA_VALUE line 8: action is 'SEE'" in ran.out
    assert b"do: Write ADD, OBSERVE or DELETE. [EPCIS 2.0 clause 7.3]" in ran.out


def test_a_folder_is_judged_file_by_file(rxtrail: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "a.xml").write_bytes(ONE_EVENT)
    (folder / "b.xml").write_bytes(BROKEN)
    ran = rxtrail.json("validate", str(folder))
    assert ran.code == 1
    assert [line["valid"] for line in ran.lines] == [True, False]
    assert set(ran.lines[1]["findings"][0]) == {
        "severity",
        "code",
        "message",
        "place",
        "line",
        "clause",
        "advice",
        "epcs",
    }


@pytest.mark.parametrize(("how", "code"), [([], 0), (["--profile", "dscsa"], 1)])
def test_the_profile_chooses_the_rules(rxtrail: CommandLine, how: list[str], code: int) -> None:
    unmade = document(*COMPLETE[1:3], shipped("urn:epc:id:sscc:0352601.0000000001"))
    ran = rxtrail.json("validate", *how, "-", stdin=unmade)
    assert ran.code == code
    assert ("MISSING_COMMISSIONING" in {each["code"] for each in ran.one["findings"]}) == bool(how)


def test_valid_by_the_schemas_but_wrong_in_itself_exits_with_3(rxtrail: CommandLine) -> None:
    wrong = document(made("A")).replace(b"<action>ADD", b"<action>OBSERVE")
    ran = rxtrail.json("validate", "-", stdin=wrong)
    assert ran.code == 3
    assert ran.one["schema"] == "valid"
    assert [each["code"] for each in ran.one["findings"]] == ["ILMD_NOT_ALLOWED"]


def test_lenient_judges_as_capture_does(rxtrail: CommandLine) -> None:
    jumbled = ONE_EVENT.replace(b"<epcList>", b"<disposition>urn:epcglobal:cbv:disp:active</disposition><epcList>")
    assert rxtrail("validate", "-", stdin=jumbled).code == 1
    assert rxtrail("validate", "--lenient", "-", stdin=jumbled).code == 0
