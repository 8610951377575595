"""``python -m fhir_profiles.build TOOLS``: compile the FSH sources, write what is shipped and its pages in docs/fhir/."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from fhir_profiles.build.pages import write_pages
from fhir_profiles.build.resources import PACKAGE, made, shipped, write
from fhir_profiles.build.sushi import Sushi, SushiFailed, SushiUnavailable


def main(tools: Path) -> int:
    """Build all of it with the SUSHI under ``tools``; 1 for errors in the sources, 3 where SUSHI is not to be had."""
    sushi = Sushi(tools / "sushi")
    try:
        sushi.install()
        with tempfile.TemporaryDirectory() as project:
            files = made(sushi.compile(PACKAGE, Path(project)), sushi.core)
    except SushiUnavailable as error:
        print(f"SUSHI cannot be had: {error}", file=sys.stderr)
        return 3
    except SushiFailed as error:
        print(error, file=sys.stderr)
        return 1
    before = shipped()
    changed = sorted(path for path in before.keys() | files.keys() if before.get(path) != files.get(path))
    write(files)
    write_pages(files, PACKAGE.parent / "docs" / "fhir")
    print(f"{len(files)} files, {len(changed)} of them changed")
    print("".join(f"  {path}\n" for path in changed), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
