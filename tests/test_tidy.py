"""The repository keeps its own promises: docs are true, links resolve, nothing stray lies about."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rxtrail import errors
from rxtrail.cli.app import rxtrail
from rxtrail.cli.defaults import DefaultGroup
from rxtrail.config import ServeConfig
from rxtrail.core.rules import verdict
from scripts import reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "rxtrail"
FILE_BYTES_MAX = 500_000

# Spelt with brackets so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:[w]ork|[r]oot|[t]mp|[h]ome/\w+|[o]pt/\w+)/")
REGISTRY_HOSTS = re.compile(r"[p]ypi\.org|[p]ythonhosted\.org|[r]egistry\.npmjs|[d]eb\.debian\.org")
UNFINISHED = re.compile(r"\b(?:[T]ODO|[F]IXME|[X]XX|[N]otImplementedError)\b")


def tracked_files() -> list[Path]:
    """Give what is, or is about to be, in the repository."""
    assert shutil.which("git"), "make test needs git, as the README says"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked_files():
        raw = path.read_bytes()
        if b"\0" not in raw[:4096]:
            yield path, raw.decode("utf-8", "replace")


def places(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_is_larger_than_a_repository_should_carry() -> None:
    large = [path for path in tracked_files() if path.stat().st_size > FILE_BYTES_MAX]
    assert large == []


def test_no_path_of_one_machine_is_named() -> None:
    assert places(MACHINE_PATHS) == []


def test_no_package_index_is_named() -> None:
    assert places(REGISTRY_HOSTS) == []


def test_nothing_is_marked_as_unfinished() -> None:
    assert places(UNFINISHED) == []


def test_the_lock_pins_every_package_by_hash() -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text(encoding="utf-8"))
    packages = [block for block in blocks if not block.startswith("#")]
    assert len(packages) > 20
    assert [block.split()[0] for block in packages if "==" not in block or "--hash=sha256:" not in block] == []


def test_the_changelog_has_a_section_for_what_is_coming() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[(Unreleased|\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)


# --- markdown ---------------------------------------------------------------------------------------------

MARKDOWN = sorted(path for path in tracked_files() if path.suffix == ".md")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
FILE_NAMED = re.compile(r"`((?:src|tests|docs|scripts|\.ci)/[\w./-]+\w)(?:::(\w+))?`")


def anchors(markdown: str) -> set[str]:
    """Give the anchors of the headings, made as the forges make them."""
    headings = re.findall(r"^#+ +(.*)$", FENCE.sub("", markdown), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        there = target.exists()
        if not there or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_test_that_a_page_names_exists(page: Path) -> None:
    wrong = []
    for name, test in FILE_NAMED.findall(page.read_text(encoding="utf-8")):
        path = ROOT / name
        if not path.exists():
            wrong.append(name)
        elif test and f"def {test}(" not in path.read_text(encoding="utf-8"):
            wrong.append(f"{name}::{test}")
    assert wrong == []


# --- the command line -------------------------------------------------------------------------------------


def commands() -> dict[str, click.Command]:
    return dict(reference.every_command(rxtrail))


def shell_lines(page: Path) -> list[list[str]]:
    """Give every ``rxtrail ...`` line of a page's code blocks and code spans, as words."""
    markdown = page.read_text(encoding="utf-8")
    lines = [line for fence in FENCE.findall(markdown) for line in fence.splitlines()]
    lines += re.findall(r"`(rxtrail [^`]*)`", FENCE.sub("", markdown))
    found = []
    for line in lines:
        for part in re.split(r"\||&&|;", line.partition(" #")[0]):
            words = part.replace("$ ", "", 1).split()
            if words and (words[0] == "rxtrail" or words[0].endswith("/rxtrail")):
                found.append(words[1:])
    return found


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_option_that_a_page_shows_exists(page: Path) -> None:
    known = commands()
    wrong = []
    for words in shell_lines(page):
        names = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
        if not names:
            continue
        command = next((found for count in (3, 2, 1) if (found := known.get(" ".join(names[:count])))), None)
        if command is None:
            wrong.append(f"rxtrail {names[0]}")
            continue
        if isinstance(command, DefaultGroup):
            command = command.commands[command.default]
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        wrong += [
            f"rxtrail {names[0]} {word}"
            for word in words
            if word.startswith("--") and word.partition("=")[0] not in options
        ]
    assert wrong == []


def test_the_readme_table_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    top = {name.partition(" ")[0] for name in commands()}
    assert {name for name in top if f"`{name}" not in readme and f"`rxtrail {name}" not in readme} == set()


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_written_page_is_what_the_program_says(name: str) -> None:
    page = ROOT / "docs" / "reference" / name
    assert page.read_text(encoding="utf-8") == reference.PAGES[name](), "run: python scripts/reference.py"


# --- what the reference pages must hold -------------------------------------------------------------------


def constants(*folders: str) -> Iterator[tuple[Path, ast.Constant]]:
    for folder in folders:
        for path in sorted((SOURCE / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield path, node


def first_arguments(function: str) -> set[str]:
    """Give the constant first arguments of all calls of one name, wherever the source calls it."""
    found = set()
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name == function and isinstance(node.args[0].value, str):
                    found.add(node.args[0].value)
    return found


def not_on_page(name: str, words: set[str]) -> set[str]:
    page = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    return {word for word in words if f"`{word}`" not in page}


def error_codes() -> set[str]:
    """Give the ``code`` of every error class, wherever it stands, and the codes given when one is raised."""
    codes = first_arguments("BadDocument")
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                codes |= {
                    str(line.value.value)
                    for line in node.body
                    if isinstance(line, ast.Assign)
                    and isinstance(line.value, ast.Constant)
                    and any(isinstance(target, ast.Name) and target.id == "code" for target in line.targets)
                }
    return codes


def test_every_error_code_is_documented() -> None:
    codes = error_codes()
    named = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert {kind.code for kind in named if issubclass(kind, errors.RxtrailError)} <= codes
    assert not_on_page("errors.md", codes) == set()


def test_every_finding_code_is_documented() -> None:
    shape = re.compile(r"[A-Z][A-Z0-9]{2,}(?:_[A-Z0-9]+)+")
    # The codes in these two say what a barcode's text gets wrong; they are GS1's own names and no findings.
    not_findings = {"content.py", "coupon.py"}
    codes = {
        str(node.value)
        for path, node in constants("core", "ledger", "capture")
        if path.name not in not_findings and shape.fullmatch(str(node.value))
    }
    assert len(codes) > 20
    assert not_on_page("findings.md", codes) == set()


def test_every_reason_of_a_verdict_is_documented() -> None:
    codes = first_arguments("Reason") | {rule.code for rule in verdict.RULES.values()}
    assert len(codes) > 20
    assert not_on_page("reason-codes.md", codes) == set()


def test_every_setting_is_documented() -> None:
    variables = {str(node.value) for _, node in constants("") if re.fullmatch(r"RXTRAIL_[A-Z_]+", str(node.value))}
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    settings = variables | set(ServeConfig.__struct_fields__)
    assert {name for name in settings if f"`{name}`" not in page} == set()


# --- SQL --------------------------------------------------------------------------------------------------

QUERY_NAME = re.compile(r"^-- name: *(\w+)", re.MULTILINE)


def test_every_named_query_is_used() -> None:
    for queries in sorted(SOURCE.rglob("queries.sql")):
        names = QUERY_NAME.findall(queries.read_text(encoding="utf-8"))
        both = [path for path in queries.parents[1].glob("sql_*.py") if queries.parents[1].name == "store"]
        engine = "\n".join(path.read_text(encoding="utf-8") for path in [*both, *sorted(queries.parent.rglob("*.py"))])
        # Numbers are asked for by what they number: "{what}_last".
        engine += " ".join(f"{what}_last" for what in re.findall(r'_(?:next|number)\("(\w+)"', engine))
        assert len(names) == len(set(names)), f"a name twice in {queries}"
        assert [name for name in names if not re.search(rf"\b{name}\b", engine)] == []
