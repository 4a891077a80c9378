"""What holds for every command: it says how it is used, and the table that names it tells the truth."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import click
import pytest

from rxtrail.cli import main
from rxtrail.cli.app import COMMANDS, rxtrail
from rxtrail.cli.version import version

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = [name for section in COMMANDS.values() for name, _, _ in section]


def _leaves(name: str, command: click.Command | None) -> Iterator[tuple[str, click.Command]]:
    assert command is not None
    if isinstance(command, click.Group):
        for member in command.commands.values():
            yield from _leaves(f"{name} {member.name}", member)
    else:
        yield name, command


LEAVES = [
    pytest.param(*leaf, id=leaf[0])
    for name in NAMES
    for leaf in _leaves(name, rxtrail.get_command(click.Context(rxtrail), name))
]


@pytest.mark.parametrize("name", NAMES)
def test_each_command_of_the_table_exists_under_its_name(name: str) -> None:
    command = rxtrail.get_command(click.Context(rxtrail), name)
    assert command is not None
    assert command.name == name


@pytest.mark.parametrize(("name", "command"), LEAVES)
def test_the_help_of_each_command_ends_with_an_example_of_itself(name: str, command: click.Command) -> None:
    text = command.get_help(click.Context(command, info_name=f"rxtrail {name}"))
    assert f"Usage: rxtrail {name}" in text
    _, _, examples = text.partition("Example")
    assert f"rxtrail {name}" in examples
    assert command.get_short_help_str(), "no sentence that says what it does"


@pytest.mark.parametrize(("name", "command"), LEAVES)
def test_each_command_takes_the_common_options(name: str, command: click.Command) -> None:
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--json", "--data", "--store"} <= options, name


@pytest.mark.parametrize(("name", "command"), LEAVES)
def test_each_option_says_what_it_is_for(name: str, command: click.Command) -> None:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"


def test_an_unknown_command_is_a_usage_error() -> None:
    assert rxtrail.get_command(click.Context(rxtrail), "genuine") is None


def _imported_by(*arguments: str) -> set[str]:
    code = (
        "import sys; from rxtrail.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(ran.stderr.split())


def test_asking_for_the_version_imports_no_library() -> None:
    imported = _imported_by("--version")
    assert not imported & {"click", "msgspec", "rich", "rxtrail.bootstrap", "rxtrail.cli.app"}


def test_help_imports_no_command_and_no_engine() -> None:
    imported = _imported_by("--help")
    assert not {name for name in imported if name.startswith("rxtrail.cli.commands")}
    assert not imported & {"rich", "lxml", "rxtrail.bootstrap", "starlette", "sqlcipher3"}


def test_reading_a_code_needs_neither_the_store_nor_the_web() -> None:
    imported = _imported_by("scan", "(01)00352601815904(21)A1")
    assert not imported & {"rxtrail.bootstrap", "starlette", "sqlcipher3", "rich"}


def test_the_version_is_told_by_itself_and_among_other_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    first = capsys.readouterr().out
    assert first.startswith("rxtrail ")
    assert main(["--version", "--help"]) == 0
    assert capsys.readouterr().out == first


def test_a_source_tree_that_was_never_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert "source tree" in version()
