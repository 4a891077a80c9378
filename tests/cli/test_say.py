"""Nothing that comes from outside drives the terminal of the one who reads it."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.cli import say


@given(st.text())
def test_no_text_keeps_a_character_that_acts_on_a_terminal(text: str) -> None:
    shown = say.printable(text)
    assert not [one for one in shown if ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
    shown.encode("utf-8")


def test_plain_text_is_shown_as_it_is() -> None:
    assert say.printable("Examplinib 20 mg, µg/ml, 30 Tabletten ✔") == "Examplinib 20 mg, µg/ml, 30 Tabletten ✔"


def test_a_group_separator_is_shown_by_its_name() -> None:
    assert say.printable("21A1\x1d10L") == "21A1<GS>10L"


def test_bytes_that_are_no_text_are_spelled_out_or_replaced() -> None:
    from_the_shell = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert say.printable(from_the_shell) == "caf\\udce9"
    assert say.clean(from_the_shell) == "caf\ufffd"


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def _terminal(monkeypatch: pytest.MonkeyPatch, encoding: str = "utf-8") -> _Terminal:
    terminal = _Terminal(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    return terminal


def _shown(terminal: _Terminal) -> bytes:
    terminal.flush()
    raw = terminal.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue()


def test_a_terminal_gets_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = _terminal(monkeypatch)
    say.line(("STOP", "stop"), " recalled\x1b[2J")
    assert _shown(terminal) == b"\x1b[31m\x1b[1mSTOP\x1b[0m recalled\\x1b[2J\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_asked_for_no_colour_gets_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    terminal = _terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    say.line(("STOP", "stop"), " recalled")
    assert _shown(terminal) == b"STOP recalled\n"


def test_an_old_terminal_gets_escapes_and_never_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = _terminal(monkeypatch, "ascii")
    say.line("µg")
    assert _shown(terminal) == b"\\xb5g\n"
    assert not say.draws(terminal)


def test_a_pipe_that_was_closed_is_told_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.BytesIO):
        def write(self, _: object, /) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Closed(), write_through=True))
    for speak in (lambda: say.line("a"), lambda: say.answer({}), lambda: say.stream([b"a"])):
        with pytest.raises(say.OutputClosed):
            speak()
    monkeypatch.setattr(sys, "stderr", sys.stdout)
    say.note("nobody is left to tell")
