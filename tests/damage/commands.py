"""Arguments of ``stratbench fit`` and ``stratbench attribute`` that are wrong, over a sound dataset."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr
from functools import partial
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from damage.judge import Case
from damage.trained import ADJUSTMENT, ATTRIBUTION, MODEL, dataset
from stratbench import __main__ as command_line
from stratbench.core import files
from stratbench.core.errors import UserError

SOUND = {
    "cohort": "data",
    "dataset": "data",
    "split": "data/split.tsv",
    "structure": "data",
    "out": "out",
    "model": "linear",
    "model-options": '{"epochs": 1}',
}
FITS: tuple[tuple[str, dict[str, str | None]], ...] = (
    ("sound", {}),
    ("with an own model", {"model": "mine.py", "model-options": '{"epochs": 1}'}),
    ("with an unknown model", {"model": "lineer"}),
    ("with no model", {"model": ""}),
    ("with a model that climbs", {"model": "../linear"}),
    ("with a model that is not there", {"model": "absent.py"}),
    ("with a model that is an adjustment", {"model": "adjusts.py"}),
    ("with a model that is a folder", {"model": "data"}),
    ("without a model", {"model": None}),
    ("with options of no JSON", {"model-options": "{epochs: 1}"}),
    ("with options in a list", {"model-options": '["epochs"]'}),
    ("with options as a number", {"model-options": "3"}),
    ("with options as text", {"model-options": '"epochs"'}),
    ("with null for options", {"model-options": "null"}),
    ("with an unknown option", {"model-options": '{"epoch": 1}'}),
    ("with an option of text", {"model-options": '{"epochs": "1"}'}),
    ("with an option of 1.5", {"model-options": '{"epochs": 1.5}'}),
    ("with an option of 0", {"model-options": '{"epochs": 0}'}),
    ("with an option of NaN", {"model-options": '{"learning_rate": NaN}'}),
    ("with an option of null", {"model-options": '{"epochs": null}'}),
    ("with an option of a list", {"model-options": '{"epochs": [1]}'}),
    ("with an option twice", {"model-options": '{"epochs": 1, "epochs": 2}'}),
    ("with an own option of text", {"model": "mine.py", "model-options": '{"epochs": "1"}'}),
    ("with an unknown adjustment", {"adjustment": "nun"}),
    ("with no adjustment", {"adjustment": ""}),
    ("with two adjustments", {"adjustment": "none+pc-covariates"}),
    ("with one adjustment twice", {"adjustment": "none+none"}),
    ("with a plus at the end", {"adjustment": "none+"}),
    ("with options of two adjustments", {"adjustment": "none+pc-covariates", "adjustment-options": '{"pcs": 2}'}),
    ("with more PCs than there are", {"adjustment": "pc-covariates", "adjustment-options": '{"pcs": 20}'}),
    ("with too many PCs", {"adjustment": "pc-covariates", "adjustment-options": '{"pcs": 21}'}),
    ("with an own adjustment", {"adjustment": "adjusts.py"}),
    ("with an own adjustment of text", {"adjustment": "adjusts.py", "adjustment-options": '{"strength": "x"}'}),
    ("with no seeds", {"seeds": "0"}),
    ("with seeds below", {"seeds": "-1"}),
    ("with seeds of 1.5", {"seeds": "1.5"}),
    ("with seeds of text", {"seeds": "two"}),
    ("with a cohort that is not there", {"cohort": "absent"}),
    ("with a cohort that is a file", {"cohort": "data/split.tsv"}),
    ("with a dataset that is not there", {"dataset": "absent"}),
    ("with a split that is not there", {"split": "absent.tsv"}),
    ("with a split that is a folder", {"split": "data"}),
    ("with a split that is another table", {"split": "data/trait.tsv"}),
    ("with a structure that is not there", {"structure": "absent"}),
    ("with an output that is a file", {"out": "mine.py"}),
    ("without an output", {"out": None}),
    ("with a word more", {"model": "linear cnn"}),
    ("with an unknown argument", {"modell": "linear"}),
)  # fmt: skip
ATTRIBUTES: tuple[tuple[str, dict[str, str | None]], ...] = (
    ("of gradients", {}),
    ("of its own", {"attribution": "attributes.py"}),
    ("of an unknown name", {"attribution": "gradients"}),
    ("of a model", {"attribution": "mine.py"}),
    ("of two files of one name", {"attribution": "attributes.py other/attributes.py"}),
    ("of one name twice", {"attribution": "gradient-input gradient-input"}),
    ("of a fit that is not there", {"out": "absent"}),
    ("of another model", {"model": "mlp", "model-options": "{}"}),
    ("of another split", {"split": "data/other.tsv"}),
    ("of a cut fit", {"out": "cut"}),
    ("of a fit of no JSON", {"out": "nojson"}),
    ("of a fit without parameters", {"out": "bare"}),
)  # fmt: skip


def cases() -> Iterator[Case]:
    for name, change in FITS:
        yield Case(
            "command",
            f"fit {name}",
            partial(run, "fit", change),
            r"--|model|adjust|absent|split|data|mine\.py|cnn",
        )
    for name, change in ATTRIBUTES:
        yield Case(
            "command",
            f"attribute {name}",
            partial(run, "attribute", change),
            r"--|attribut|absent|split|cut|nojson|bare|out/|mine\.py",
        )


def run(command: str, change: dict[str, str | None]) -> None:
    """The command in this process; how it ends is what a shell would see."""
    shutil.copytree(dataset(), "data", ignore=shutil.ignore_patterns("fit"))
    for name, source in (("mine.py", MODEL), ("adjusts.py", ADJUSTMENT), ("attributes.py", ATTRIBUTION)):
        Path(name).write_text(source)
    Path("other").mkdir()
    Path("other/attributes.py").write_text(ATTRIBUTION)
    if command == "attribute":
        _trained()
    arguments = {**SOUND, **change}
    given = [
        text
        for key, value in arguments.items()
        if value is not None
        for text in (f"--{key}", *([value] if "{" in value else value.split(" ")))
    ]
    said = StringIO()
    with patch.object(sys, "argv", ["stratbench", command, *given]), redirect_stderr(said):
        try:
            command_line.main()
        except SystemExit as end:
            raise UserError(
                str(end.code) if isinstance(end.code, str) else said.getvalue().strip().split("\n")[-1]
            ) from end
    out = Path(arguments["out"] or "")
    if command == "fit":
        table = files.read_tsv(out / "predictions.tsv", text=("set",))
        assert table["iid"].tolist() == files.read_tsv("data/split.tsv")["iid"].tolist()
        assert json.loads((out / "fit.json").read_text())["seeds"], "no seed was trained"
        expected = json.loads(arguments["model-options"] or "{}")
        options = json.loads((out / "fit.json").read_text())["model"]["options"]
        assert {key: options[key] for key in expected} == expected, options
    else:
        written = sorted(path.name for path in out.glob("*.tsv.gz"))
        asked = (arguments.get("attribution") or "gradient-input").split(" ")
        assert written == sorted(f"{Path(label).stem}.tsv.gz" for label in asked), written


def _trained() -> None:
    """A trained model in out, and copies that are damaged."""
    place = Path.cwd().parent / "commands"
    if not place.exists():
        given = [
            text
            for key, value in SOUND.items()
            for text in (f"--{key}", value if key != "out" else str(place))
        ]
        with patch.object(sys, "argv", ["stratbench", "fit", *given]):
            command_line.main()
    for name in ("out", "cut", "nojson", "bare"):
        shutil.copytree(place, name)
    params = Path("cut/params.msgpack")
    params.write_bytes(params.read_bytes()[:-20])
    Path("nojson/fit.json").write_text("{")
    Path("bare/params.msgpack").unlink()
    rows = Path("data/split.tsv").read_text()
    Path("data/other.tsv").write_text(rows.replace("test", "validation", 1))
