"""A cohort file with sources of the test's choice, for tests of fetching."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

CONTENT = {"bed": b"l\x1b\x01" + bytes(range(200)), "bim": b"1 s 0 1 A G\n", "fam": b"f i 0 0 0 -9\n"}
EXPECTED = {f"final.{end}": data for end, data in CONTENT.items()}


def writer(folder: Path, mirror: Path) -> Callable[..., Path]:
    """Fill a mirror, and give what writes a cohort file whose .bed has these sources, and ``bed`` more to say.

    Its .bim and .fam come from the mirror.
    """
    mirror.mkdir()
    for end, data in CONTENT.items():
        (mirror / f"x.{end}").write_bytes(data)

    def write(*bed_sources: dict[str, Any], bed: Mapping[str, Any] | None = None, **others: Any) -> Path:
        files = {
            end: {
                "name": f"final.{end}",
                "sha256": hashlib.sha256(data).hexdigest(),
                "sources": list(bed_sources) if end == "bed" else [{"mirror": f"x.{end}"}],
            }
            for end, data in CONTENT.items()
        }
        files["bed"] |= bed or {}
        content = {"title": "t", "licence": "l", "citation": "c", "mating": "outbred", "files": files}
        path = folder / "cohort.yaml"
        path.write_text(yaml.safe_dump(content | {"traits": {}} | others))
        return path

    return write


def fetched(directory: Path) -> dict[str, bytes]:
    """What lies in a folder."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}
