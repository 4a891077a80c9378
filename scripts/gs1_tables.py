"""Derive the table of GS1 Application Identifiers from the GS1 Barcode Syntax Dictionary.

Usage: ``python scripts/gs1_tables.py gs1-syntax-dictionary.txt > src/rxtrail/core/gs1/data/syntax.py``

The dictionary is at github.com/gs1/gs1-syntax-dictionary (Apache-2.0).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

LINE_LENGTH_MAX = 111  # with its line feed

_HEAD = '''"""Every GS1 Application Identifier: rows of ``(first, last, flags, format, attributes, title)``.

Derived from the GS1 Barcode Syntax Dictionary by ``scripts/gs1_tables.py``; do not edit by hand. Changed in
form (Python rows), not in content. The notice of the source:

Copyright (c) 2020-2021 BWIPP project. https://bwipp.terryburton.co.uk/
Copyright (c) 2020-2021 Zint Project. https://zint.org.uk/
Copyright (c) 2021-2025 GS1 AISBL

Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance
with the License. You may obtain a copy of the License at http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software distributed under the License is
distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See
the License for the specific language governing permissions and limitations under the License.
"""

from __future__ import annotations

# flags: "*" predefined length (no FNC1 needed), "?" allowed as a Digital Link attribute.
# format: components with type, length and content checks; "[...]" is optional.
# attributes: req= (needs one of), ex= (never beside), dlpkey[=qualifiers] (Digital Link primary key).
ROWS: tuple[tuple[str, str, str, str, str, str], ...] = (
'''
_ENTRY = re.compile(r"(\d{2,4})(?:-(\d{2,4}))?\s+([^A-Z\[\s]*)\s*(.*?)(?:\s+#\s*(.*))?$")
_COMPONENT = re.compile(r"\[?[NXYZ](?:\.\.)?\d")


def rows(dictionary: str) -> list[tuple[str, str, str, str, str, str]]:
    """Give one row for each entry; stops at a line that it cannot read, since a lost AI would be silent."""
    found = []
    for number, line in enumerate(dictionary.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _ENTRY.match(line)
        if match is None:
            sys.exit(f"line {number} is not an entry: {line!r}")
        first, last, flags, rest, title = match.groups()
        words = rest.split()
        formats = [word for word in words if _COMPONENT.match(word)]
        attributes = words[len(formats) :]
        if not formats or any(_COMPONENT.match(word) for word in attributes):
            sys.exit(f"line {number}: format and attributes are mixed: {line!r}")
        found.append((first, last or first, flags, " ".join(formats), " ".join(attributes), title or ""))
    return found


def main() -> None:
    """Write the Python module to standard output."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = rows(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write(_HEAD + "".join(map(_written, found)) + ")\n")


def _written(row: tuple[str, ...]) -> str:
    line = "    " + repr(row).replace("'", '"') + ",\n"
    if len(line) <= LINE_LENGTH_MAX:
        return line
    return "    (\n" + "".join([f"        {json.dumps(field)},\n" for field in row]) + "    ),\n"


if __name__ == "__main__":
    main()
