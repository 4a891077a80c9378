"""Make ``.venv`` from requirements.lock: what `make install` does. Needs only Python's own venv and pip."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"


def main() -> int:
    """Build the environment, or bring an existing one up to the lock; 1 when that fails."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python runs this file up to here
        print(f"rxtrail needs Python 3.11 or later; this is {sys.version.split()[0]}.", file=sys.stderr)
        print("Name another one: make install PYTHON=python3.12", file=sys.stderr)
        return 1
    python = VENV / "bin" / "python"
    if not (VENV / "bin" / "pip").exists():  # a half-made .venv counts as none
        print("making .venv", flush=True)
        venv.create(VENV, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    print("installing what requirements.lock names (hashes checked)", flush=True)
    for step in (
        [*pip, "--require-hashes", "--no-deps", "-r", str(ROOT / "requirements.lock")],
        # The project itself is linked with the build backend of the lock, so nothing is fetched for it.
        [*pip, "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT)],
    ):
        if subprocess.run(step, cwd=ROOT, check=False).returncode:
            print("make install: pip failed, see above.", file=sys.stderr)
            return 1
    (VENV / "installed").touch()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
