"""Templates and the files beside them: read once, escaped always, served with their hash in the address."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import jinja2
import msgspec
from starlette.responses import Response

from rxtrail.errors import NotFound
from rxtrail.web.pages import words

if TYPE_CHECKING:
    from starlette.requests import Request

_HERE: Final = Path(__file__).parent.parent
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class StaticFile(msgspec.Struct, frozen=True, gc=False):
    """One file of ``static/``, in memory."""

    body: bytes
    media_type: str
    digest: str


def _load() -> dict[str, StaticFile]:
    files: dict[str, StaticFile] = {}
    for path in sorted((_HERE / "static").iterdir()):
        if path.suffix in _TYPES:
            body = path.read_bytes()
            files[path.name] = StaticFile(body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16])
    return files


STATIC: Final = _load()
# Modules import each other by plain relative names, so the version of all of them is in the folder's name.
VERSION: Final = hashlib.sha256("".join(file.digest for file in STATIC.values()).encode()).hexdigest()[:16]


def static_address(name: str) -> str:
    """The address of a static file; it changes with any of them, so it may be kept for ever."""
    assert name in STATIC, name
    return f"/static/{VERSION}/{name}"


async def static_file(request: Request) -> Response:
    """Serve one file from memory; there is no path on disk to climb out of."""
    file = STATIC.get(request.path_params["name"])
    if file is None:
        raise NotFound("There is no such file.")
    current = request.path_params["version"] == VERSION
    return Response(
        file.body,
        headers={
            "content-type": file.media_type,
            "cache-control": "public, max-age=31536000, immutable" if current else "no-cache",
        },
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["static"] = static_address
    for name, function in {
        "visible": words.visible,
        "step": words.step_words,
        "disposition": words.disposition_words,
        "identifier": words.identifier_words,
        "identifier_path": words.identifier_path,
        "humanised": words.humanised,
        "date": words.date_words,
        "time": words.time_words,
        "size": words.size_words,
        "count": words.count_words,
        "path_part": lambda text: quote(text, safe=""),
    }.items():
        environment.filters[name] = function
    return environment


_TEMPLATES: Final = _environment()


def page(template: str, *, status: int = 200, **values: object) -> Response:
    """A page; nothing on it is kept by any cache."""
    html = _TEMPLATES.get_template(template).render(**values)
    return Response(html, status_code=status, media_type="text/html", headers={"cache-control": "no-store"})
