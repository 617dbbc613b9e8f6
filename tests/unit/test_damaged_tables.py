"""Each kind of damage of each file that jobs pass on, through the functions that read it: one line names the file."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stations import cohort_files, dataset_files, raw_files, structure_files, task_files
from stratbench.associations import run as associate
from stratbench.attributions.run import attribute
from stratbench.cohorts.qc import raw_cohort
from stratbench.cohorts.qc.run import qc
from stratbench.cohorts.simulated.simulate import simulate
from stratbench.core.errors import UserError
from stratbench.datasets.run import dataset
from stratbench.genotypes import tables
from stratbench.metrics.run import metrics
from stratbench.popgen import grm
from stratbench.probes.run import probe
from stratbench.report.report import inline
from stratbench.splits.run import split, with_strata
from stratbench.structure import run as structure
from stratbench.summary.run import summary
from stratbench.task.model_data import load
from stratbench.training.fit import fit_one
from stratbench.training.store import restore
from trained import outputs, spec

NAMES = ["c", "t", "s", "linear"]
PLACE = {"study": "x", "scenario": "c", "replicate": 1, "cohort": "c", "trait": "t", "split": "s"}
FIT = {"model": "linear", "adjustment": "none"}
SIMULATED = {"simulate": {"h2": 0.5, "causal": 5, "environment": 0.2}, "snps": 60}


@dataclass(frozen=True)
class Study:
    """A study of one fit, as its jobs leave it: ``raw``, ``cohort``, ``dataset``, ... are folders of ``base``."""

    base: Path

    def __truediv__(self, name: str) -> Path:
        return self.base / name

    @property
    def files(self) -> dict[str, Any]:
        """What the jobs of a split read, by name."""
        return task_files(self / "cohort", self / "dataset", self / "s.tsv", self / "structure")

    @property
    def fit(self) -> dict[str, Path]:
        return outputs(self / "models/c/t/s/linear/none")

    def read_metrics(self) -> None:
        lists = {
            "predictions": [self.fit["predictions"]],
            "fit_json": [self.fit["fit"]],
            "attributions": [self / "gradient.tsv.gz"],
            "attribution_records": [self / "about.json"],
            "associations": [self / "ols.tsv.gz"],
            "association_records": [self / "record.json"],
            "probes": [self / "probes.tsv"],
        }
        out = self / "metrics/c/t/s/metrics.tsv"
        metrics(
            self.files | lists,
            {"metrics": out},
            place=PLACE,
            fits=[FIT],
            attributions=[FIT | {"attribution": "gradient"}],
            associations=["ols"],
        )

    def summarise(self) -> None:
        inputs = {
            "metrics": [self / "metrics/c/t/s/metrics.tsv"],
            "qc": [self / "cohort/qc.tsv"],
            "fit_json": [self.fit["fit"]],
            "benchmarks": [self / "benchmarks/qc/c.tsv"],
        }
        names = ("metrics", "comparisons", "qc", "runtime", "provenance")
        summary(
            inputs,
            {name: str(self / f"summary/{name}") for name in names},
            cohorts=["c"],
            config={"study": "x", "seeds": 2},
        )

    def restored(self) -> None:
        restore(self.fit["params"], self.fit["fit"], load(self.files).split_sha256)

    def structured(self) -> None:
        structure.structure(self.files, structure_files(self / "again"))

    def associated(self) -> None:
        associate.load(self.files)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = Study(tmp_path_factory.mktemp("study"))
    options = {"populations": 2, "fst": 0.05, "individuals": 40, "chromosomes": 2, "length": 150_000}
    simulate(
        {},
        raw_files(study / "raw/genotypes", study / "raw/samples.tsv"),
        demography="split",
        options=options,
        names=["c"],
    )
    qc(
        raw_files(study / "raw/genotypes", study / "raw/samples.tsv"),
        cohort_files(study / "cohort"),
        options={"maf": 0.05},
    )
    dataset(
        cohort_files(study / "cohort"), dataset_files(study / "dataset"), spec=SIMULATED, names=["c", "t"]
    )
    way = {"method": "random", "file": None, "options": {"validation": 0.2, "test": 0.3}}
    split(
        cohort_files(study / "cohort") | dataset_files(study / "dataset"),
        {"split": study / "s.tsv"},
        spec=way,
        names=["c", "t", "s"],
    )
    fitted = structure_files(study / "structure")
    structure.structure(study.files, fitted, declared={"sex": "categorical"})
    linear, none = spec("model", "linear", epochs=2), spec("adjustment", "none")
    fit_one(study.files, study.fit, model=linear, adjustments=[none], seeds=2, names=NAMES)
    trained = {"params": [study.fit["params"]], "fit_json": [study.fit["fit"]]}
    methods = {"gradient": spec("attribution", "gradient-input")}
    attribute(
        study.files | trained,
        {"tables": [study / "gradient.tsv.gz"], "records": [study / "about.json"]},
        fits=[{"model": linear, "adjustments": [none], "attributions": methods, "names": NAMES}],
    )
    tests = {"ols": spec("association", "ols")}
    associate.associate(
        study.files, {"tables": [study / "ols.tsv.gz"], "record": study / "record.json"}, associations=tests
    )
    fits = [FIT | {"specs": {"model": linear, "adjustments": [none]}}]
    probe(study.files | trained, {"probes": study / "probes.tsv"}, fits=fits, place=PLACE)
    (study / "benchmarks/qc").mkdir(parents=True)
    (study / "benchmarks/qc/c.tsv").write_text("s\tmax_rss\tcpu_time\n1.5\t300\t1.2\n")
    study.read_metrics()
    study.summarise()
    return study


Damage = Callable[[bytes], bytes]


def of_lines(change: Callable[[list[bytes]], list[bytes]]) -> Damage:
    """Damage of the lines of a text file."""
    return lambda data: b"".join(change(data.splitlines(keepends=True)))


def middle(change: Callable[[bytes], bytes]) -> Damage:
    """Damage of a line in the middle."""

    def damage(lines: list[bytes]) -> list[bytes]:
        k = (len(lines) + 1) // 2
        return [*lines[:k], change(lines[k]), *lines[k + 1 :]]

    return of_lines(damage)


EMPTY: dict[str, Damage] = {"empty": lambda data: b""}
CUT: dict[str, Damage] = EMPTY | {
    "cut in mid-line": lambda data: data[:-3],
    "cut before its last line's end": lambda data: data[:-1],
}
TABLE: dict[str, Damage] = CUT | {
    "a field is gone": middle(lambda line: line.partition(b"\t")[2]),
    "a field is too many": middle(lambda line: b"x\t" + line),
    "a blank line": of_lines(lambda lines: [*lines[:2], b"\n", *lines[2:]]),
    "no header": of_lines(lambda lines: lines[1:]),
    "a column of another name": lambda data: b"_" + data,
    "no UTF-8": middle(lambda line: b"\xff" + line),
}
IDS: dict[str, Damage] = {  # of a file whose ids are known
    "a line is gone": of_lines(lambda lines: [*lines[:3], *lines[4:]]),
    "the last line is gone": of_lines(lambda lines: lines[:-1]),
    "lines exchanged": of_lines(lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]]),
    "a line twice": of_lines(lambda lines: [*lines[:3], *lines[2:]]),
    "another id": middle(lambda line: line.replace(line.rstrip().split(b"\t")[0], b"nobody")),
}
SOME = {name: IDS[name] for name in ("lines exchanged", "a line twice", "another id")}  # some of known ids
TWICE = {"a line twice": IDS["a line twice"]}
NUMBER: dict[str, Damage] = {"no number": middle(lambda line: line.rpartition(b"\t")[0] + b"\tx7\n")}
JSON: dict[str, Damage] = EMPTY | {
    "cut": lambda data: data[:-4],
    "no object": lambda data: b"[]\n",
    "no key": lambda data: data.replace(b'"kind"', b'"kine"').replace(b'"status"', b'"statue"'),
}
BINARY: dict[str, Damage] = EMPTY | {
    "cut": lambda data: data[:-100],
    "cut in half": lambda data: data[: len(data) // 2],
}


def seeds(change: Callable[[list[bytes]], list[bytes]]) -> dict[str, Damage]:
    return {"a seed is gone": of_lines(change), "all rows are gone": of_lines(lambda lines: lines[:1])}


PER_SEED = IDS | seeds(lambda lines: lines[: (len(lines) + 1) // 2])
SETS: dict[str, Damage] = {"no set": lambda data: data.replace(b"test", b"tost", 1)}
LABELS: dict[str, Damage] = {"another label": lambda data: data.replace(b"\t1\n", b"\t7\n", 1)}
READERS: dict[str, Callable[[Study], object]] = {
    "qc": lambda study: raw_cohort.read(raw_files(study / "raw/genotypes", study / "raw/samples.tsv"), None),
    "dataset": lambda study: dataset(
        cohort_files(study / "cohort"),
        dataset_files(study / "again"),
        spec={"simulate": {**SIMULATED["simulate"], "causal_maf": 0.05}},
        names=["c", "t"],
    ),
    "split": lambda study: with_strata(study.files),
    "structure": Study.structured,
    "fit": lambda study: load(study.files),
    "attribute, probe": Study.restored,
    "associate": Study.associated,
    "metrics": Study.read_metrics,
    "summary": Study.summarise,
    "kinship figure": lambda study: grm.stored(study / "structure/grm.npz"),
    "qc figures": lambda study: [
        tables.read(study / f"cohort/{name}", kind)
        for name, kind in (
            ("qc_samples.tsv", tables.QC_SAMPLES),
            ("qc_snps.tsv.gz", tables.QC_SNPS),
            ("kinship.tsv.gz", tables.KINSHIP),
        )
    ],
    "fst figure": lambda study: tables.read(study / "structure/fst.tsv", tables.FST),
}
FILES: list[tuple[str, dict[str, Damage], tuple[str, ...]]] = [
    ("raw/samples.tsv", TABLE | IDS, ("qc",)),
    ("cohort/samples.tsv", TABLE | IDS, ("dataset", "split", "structure", "fit", "associate", "metrics")),
    ("cohort/variants.tsv", TABLE | IDS | NUMBER, ("dataset", "structure")),
    ("cohort/qc.tsv", TABLE, ("summary",)),
    ("cohort/qc_samples.tsv", TABLE | TWICE, ("qc figures",)),
    ("cohort/qc_snps.tsv.gz", TABLE | TWICE, ("qc figures",)),
    ("dataset/trait.tsv", TABLE | IDS | NUMBER | LABELS, ("split", "fit", "associate", "metrics")),
    ("dataset/trait.json", JSON, ("split", "fit", "associate", "metrics")),
    ("dataset/truth.tsv", TABLE | TWICE | {"a line is gone": IDS["a line is gone"]}, ("metrics",)),
    ("dataset/truth.tsv", TABLE | TWICE, ("structure",)),
    ("dataset/liability.tsv", TABLE | IDS | NUMBER, ("metrics",)),
    (
        "dataset/keep.iid",
        CUT | IDS | {"half a line": middle(lambda line: line.split()[0] + b"\n")},
        ("split",),
    ),
    ("dataset/keep.iid", CUT | SOME, ("structure",)),
    ("dataset/keep.snp", CUT | IDS, ("fit", "associate")),
    ("dataset/keep.snp", CUT | TWICE | {"another id": IDS["another id"]}, ("metrics",)),
    ("s.tsv", TABLE | SOME | SETS, ("structure", "fit", "associate")),
    ("s.tsv", TABLE | IDS | SETS, ("metrics",)),
    ("structure/pcs.tsv", TABLE | IDS | NUMBER, ("fit", "associate", "metrics")),
    ("structure/covariates.tsv", CUT | IDS, ("fit", "associate", "metrics")),
    (
        "structure/grm.npz",
        BINARY | {"a byte": lambda data: data[:2000] + b"!" + data[2001:]},
        ("kinship figure",),
    ),
    ("structure/fst.tsv", TABLE, ("fst figure",)),
    ("models/c/t/s/linear/none/params.msgpack", BINARY, ("attribute, probe",)),
    ("models/c/t/s/linear/none/fit.json", JSON, ("attribute, probe", "metrics", "summary")),
    ("models/c/t/s/linear/none/predictions.tsv", TABLE | PER_SEED | NUMBER | SETS, ("metrics",)),
    ("gradient.tsv.gz", TABLE | PER_SEED | NUMBER, ("metrics",)),
    ("ols.tsv.gz", TABLE | IDS | NUMBER, ("metrics",)),
    ("record.json", JSON, ("metrics",)),
    ("probes.tsv", TABLE | TWICE | seeds(lambda lines: lines[: len(lines) // 2]), ("metrics",)),
    ("benchmarks/qc/c.tsv", EMPTY, ("summary",)),
    ("metrics/c/t/s/metrics.tsv", TABLE | TWICE | seeds(lambda lines: lines[:20]), ("summary",)),
]
CASES = [
    pytest.param(name, reader, damages, id=f"{name} read by {reader}")
    for name, damages, readers in FILES
    for reader in readers
]


@pytest.fixture
def restored(made: Study) -> Iterator[Callable[[Path, bytes], None]]:
    """Write other bytes into a file of the study, which has its own again afterwards."""
    before: dict[Path, bytes] = {}

    def write(path: Path, data: bytes) -> None:
        before.setdefault(path, path.read_bytes())
        path.write_bytes(data)

    yield write
    for path, data in before.items():
        path.write_bytes(data)


def refusal(read: Callable[[], object]) -> str:
    """What a reader says about bad input; blank if it takes it."""
    try:
        read()
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("name", "reader", "damages"), CASES)
@pytest.mark.fault
def test_damage_is_told_in_a_line_that_names_the_file_and_what_to_do(
    made: Study, restored: Callable[[Path, bytes], None], name: str, reader: str, damages: dict[str, Damage]
) -> None:
    path = made / name
    data = path.read_bytes()
    for what, damage in damages.items():
        packed = name.endswith(".gz")
        changed = gzip.compress(damage(gzip.decompress(data))) if packed else damage(data)
        assert changed != data, what
        restored(path, changed)
        message = refusal(lambda: READERS[reader](made))
        assert str(path) in message, what
        assert "\n" not in message, what
        assert "and run the study again, which makes" in message, what


@pytest.mark.parametrize("name", ["gradient.tsv.gz", "ols.tsv.gz"])
@pytest.mark.fault
def test_a_packed_table_that_is_cut_or_has_another_byte_is_named(
    made: Study, restored: Callable[[Path, bytes], None], name: str
) -> None:
    data = (made / name).read_bytes()
    k = len(data) // 2
    for changed in (
        data[:k],
        data[:-1],
        data[1:],
        data[:k] + bytes([data[k] ^ 16]) + data[k + 1 :],
        data + b"x",
    ):
        restored(made / name, changed)
        with pytest.raises(
            UserError, match=rf"{name}: is cut or damaged \(.*; delete it and run the study again"
        ):
            made.read_metrics()


@pytest.mark.fault
def test_no_cut_and_no_flip_of_a_network_is_a_traceback(
    made: Study, restored: Callable[[Path, bytes], None]
) -> None:
    """A flipped byte may stay unseen by the format: then the recorded SHA-256 tells."""
    path, rng = made.fit["params"], np.random.default_rng(1)
    data, sha256 = path.read_bytes(), load(made.files).split_sha256
    told = []
    for at in rng.integers(0, len(data), 60):
        flipped = data[:at] + bytes([data[at] ^ (1 << int(rng.integers(8)))]) + data[at + 1 :]
        for changed in (data[:at], flipped):
            restored(path, changed)
            told.append(refusal(lambda: restore(path, made.fit["fit"], sha256)))
    assert all(message.startswith(f"{path}: ") for message in told if message)
    assert sum(message != "" for message in told) >= 60


@pytest.mark.parametrize("text", ["", "<svg><g></g></svg>", "<svg><g>\n", "</svg>\n", "<svg>\xff</svg>\n"])
@pytest.mark.fault
def test_a_cut_picture_does_not_get_into_the_page(tmp_path: Path, text: str) -> None:
    path = tmp_path / "headline.svg"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=r"headline\.svg: .*delete it and run the study again"):
        inline(path, "headline", "a picture")


def test_a_failed_fit_has_no_rows_and_a_trained_one_must_have_them(
    made: Study, restored: Callable[[Path, bytes], None]
) -> None:
    record = json.loads(made.fit["fit"].read_text())
    for run in record["seeds"]:
        run |= {"status": "failed", "reason": "loss is NaN"}
    restored(made.fit["fit"], json.dumps(record | {"status": "failed"}).encode())
    with pytest.raises(UserError, match=r"predictions\.tsv: .*for each seed that was trained \(none\)"):
        made.read_metrics()
    for path in (made.fit["predictions"], made / "gradient.tsv.gz"):
        packed = path.suffix == ".gz"
        data = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
        header = data.splitlines(keepends=True)[0]
        restored(path, gzip.compress(header) if packed else header)
    kept = (made / "metrics/c/t/s/metrics.tsv").read_bytes()
    restored(made / "metrics/c/t/s/metrics.tsv", kept)
    made.read_metrics()
    found = tables.read_tsv(made / "metrics/c/t/s/metrics.tsv", text=("model", "status", "reason"))
    assert "loss is NaN" in set(found["reason"][found["status"] == "failed"])
