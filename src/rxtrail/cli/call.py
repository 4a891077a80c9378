"""What every command has: ``--json``, ``--data``, ``--store``, and a help text that ends with an example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from rxtrail.cli.say import clean
from rxtrail.config import data_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODE_CHARACTERS_MAX = 8192  # the largest QR code holds 7,089 digits, the largest GS1 DataMatrix 3,116


class Call(msgspec.Struct, frozen=True, gc=False):
    """How a command was called: machine-readable or in words, on which DATA and which store."""

    as_json: bool
    given_data: str | None = None
    store: str | None = None

    @property
    def data(self) -> Path:
        """The DATA folder of this call."""
        return data_folder(self.given_data)


def command(name: str, *examples: str) -> Callable[[Callable[..., int]], click.Command]:
    """Make a function ``(call, ...) -> exit code`` a command with the common options and its examples."""

    def wrap(function: Callable[..., int]) -> click.Command:
        def callback(*, as_json: bool, data: str | None, store: str | None, **values: object) -> int:
            if data == "":
                raise click.BadParameter("an empty folder name", param_hint="--data")
            return function(Call(as_json=as_json, given_data=data, store=store), **values)

        # click keeps what its decorators said on the function itself.
        params: list[click.Parameter] = list(reversed(getattr(function, "__click_params__", [])))
        return click.Command(
            name,
            callback=callback,
            params=[*params, *_common_options()],
            help=function.__doc__,
            epilog=_epilog(examples),
        )

    return wrap


def group(name: str, summary: str, commands: list[click.Command], *examples: str) -> click.Group:
    """A family of commands, such as ``rxtrail partner``; each member is a command of its own."""
    return click.Group(name, commands=commands, help=summary, epilog=_epilog(examples), no_args_is_help=True)


class Code(click.ParamType[str]):
    """A scanned or typed code: any text that is not empty and not longer than any barcode."""

    name = "code"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the bounds only; what the text means is for the scan reader."""
        text = clean(str(value))
        if not text.strip():
            self.fail("the code is empty: scan or type it again", param, ctx)
        if len(text) > CODE_CHARACTERS_MAX:
            self.fail(f"longer than {CODE_CHARACTERS_MAX} characters: no barcode holds that", param, ctx)
        return text


class Words(click.ParamType[str]):
    """A name, reason or reference: one line of text, not empty, within a named limit."""

    name = "text"
    characters_max = 1000

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Strip blanks around it and refuse what a record should not carry."""
        text = clean(str(value)).strip()
        if not text:
            self.fail("it is empty", param, ctx)
        if len(text) > self.characters_max:
            self.fail(f"longer than {self.characters_max} characters", param, ctx)
        if any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in text):
            self.fail("it holds control characters", param, ctx)
        return text


class Gln(click.ParamType[str]):
    """A GLN in any of its forms, taken down to its 13 digits."""

    name = "gln"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the GLN; a wrong check digit is refused here, with the digit that would be right."""
        from rxtrail.core.gs1 import check_digit, epc

        text = clean(str(value)).strip()
        digits = epc.gln_of(text)
        if not digits and text.isascii() and text.isdigit() and len(text) == 13:
            digits = text
        if not digits:
            self.fail(f"not a GLN: {text[:40]!r}; give its 13 digits", param, ctx)
        if not check_digit.is_valid(digits):
            right = check_digit.check_digit(digits[:-1])
            self.fail(f"{digits} has a wrong check digit ({digits[:-1]}{right} would be right)", param, ctx)
        return digits


CODE = Code()
WORDS = Words()
GLN = Gln()


def _common_options() -> list[click.Parameter]:
    return [
        click.Option(["--json", "as_json"], is_flag=True, help="Answer as JSON on stdout, and nothing else there."),
        click.Option(
            ["--data"],
            metavar="DIR",
            help="The folder that holds the record. [default: $RXTRAIL_DATA, else the platform's own]",
        ),
        click.Option(
            ["--store"], metavar="URL", help="sqlite:///PATH or postgresql://USER@HOST/DATABASE. [default: inside DATA]"
        ),
    ]


def _epilog(examples: tuple[str, ...]) -> str:
    lines = "\n".join(f"  {example}" for example in examples)
    return f"\b\n{'Example' if len(examples) == 1 else 'Examples'}:\n{lines}"
