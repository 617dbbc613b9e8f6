"""What jobs ask a scheduler for, and which are submitted together."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stratbench.core import yaml_file
from stratbench.study import resources
from stratbench.study.config import check
from stratbench.study.resources import NEEDS, Load, Requests, memory, minutes
from stratbench.study.study import JobPart, Split, Study

ROOT = Path(__file__).parents[2]
LOAD = Load(1000, 10_000, fits=2, seeds=2)

MLP = JobPart("mlp", "none", 2, 0, ())


ADJUSTMENTS = ("none", "pc-covariates", "placebo")


def study(
    gpu: int = 0,
    adjustments: Sequence[str] = ADJUSTMENTS,
    associations: Sequence[str] = ("ols",),
    **simulate: Any,
) -> Study:
    """Two replicates, two traits, two models."""
    options = {"demography": "split", "populations": 3, "individuals": 300, **simulate}
    of_trait = {"kind": "binary", "h2": 0.5, "causal": 5}
    block = {
        "cohorts": ["s"],
        "splits": ["random"],
        "associations": list(associations),
        "attributions": ["gradient-input"],
    }
    models = {"models": ["linear", "mlp"], "adjustments": list(adjustments)}
    return Study(
        check(
            {
                "study": "small",
                "seeds": 2,
                "gpu": gpu,
                "associations": {
                    "everywhere": {"method": "ols", "snps": "all"},
                    "lmm-view": {"method": "lmm", "grm_snps": "view"},
                },
                "cohorts": {"s": {"simulate": options, "replicates": 2}},
                "traits": {"few": {"simulate": of_trait, "snps": 800}, "all": {"simulate": of_trait}},
                "blocks": [block | models | {"traits": ["few", "all"]}],
            }
        )
    )


def named(trait: str = "few") -> dict[str, str]:
    return vars(Split("s-r01", trait, "random"))


@pytest.mark.parametrize("rule", NEEDS)
def test_each_attempt_asks_for_twice_as_much(rule: str) -> None:
    assert [memory(rule, LOAD, attempt) for attempt in (2, 3)] == pytest.approx(
        [2 * memory(rule, LOAD), 4 * memory(rule, LOAD)], abs=4
    )
    assert minutes(rule, LOAD, 3) == pytest.approx(4 * minutes(rule, LOAD), abs=4)


@pytest.mark.parametrize("rule", ["fit", "attribute", "probe"])
def test_networks_ask_by_people_snps_fits_and_seeds(rule: str) -> None:
    less = memory(rule, LOAD), minutes(rule, LOAD)
    for more in ({"people": 9000}, {"snps": 90_000}, {"fits": 9}, {"seeds": 9}, {"wide": True}):
        load = replace(LOAD, **more)  # type: ignore[arg-type]
        asked = memory(rule, load), minutes(rule, load)
        assert asked[0] > less[0]
        assert asked[1] > less[1]
    assert memory(rule, replace(LOAD, grm=True)) > less[0]


def test_a_job_asks_for_the_grm_that_one_of_its_adjustments_reads() -> None:
    adjustments = ("none", "pc-covariates", "pc-covariates+mixed-model")
    parts = [JobPart("mlp", name, 2, 0, ()) for name in adjustments]
    requests = Requests(study(adjustments=adjustments))
    assert [requests.load("fit", named(), [part]).grm for part in parts] == [False, False, True]
    assert requests.load("fit", named(), parts).grm


# rule, load, max_rss (MB) and cpu_time (s) of a job of the default study or of a measurement (see NEEDS)
MEASURED = [
    ("simulate", Load(900, 51_458), 184.61, 4.48),
    ("qc", Load(900, 51_458), 291.35, 5.39),
    ("qc", Load(1940, 12_226), 326.95, 4.55),
    ("qc", Load(1000, 40_000), 279.76, 5.44),
    ("dataset", Load(900, 51_458), 131.91, 1.17),
    ("split", Load(900, 51_458), 114.84, 0.78),
    ("structure", Load(900, 51_458), 194.25, 1.98),
    ("structure", Load(1000, 40_000), 246.74, 3.47),
    ("associate", Load(1000, 39_585), 201.84, 1.78),
    ("associate", Load(900, 800), 200.31, 1.76),
    ("fit", Load(900, 800, 4, 2), 475.81, 5.41),
    ("fit", Load(900, 800, 2, 2), 712.88, 8.09),
    ("fit", Load(900, 800, 1, 2, wide=True), 496.58, 41.13),
    ("fit", Load(1000, 39_585, 1, 2, wide=True), 3996.03, 142.69),
    ("fit", Load(1000, 39_585, 2, 2), 675.1, 6.99),
    ("fit", Load(1940, 800, 2, 2), 595.32, 8.75),
    ("attribute", Load(900, 800, 4, 2), 431.98, 4.5),
    ("attribute", Load(1000, 39_585, 2, 2), 477.28, 11.14),
    ("probe", Load(900, 800, 8, 2), 486.0, 8.73),
    (
        "probe",
        Load(1000, 39_585, 5, 2, wide=True),
        4359.44,
        45.0,
    ),  # so far: it was ended before it was through
    ("metrics", Load(900, 800, 8), 202.65, 2.27),
    ("figures", Load(1940, 12_226, 140), 311.77, 37.35),
    ("report", Load(1940, 12_226, 140), 234.69, 4.16),
    ("summary", Load(1940, 12_226, 140), 210.67, 2.44),
]


@pytest.mark.parametrize(("rule", "load", "mb", "seconds"), MEASURED)
def test_what_was_measured_fits_into_what_is_asked_for(
    rule: str, load: Load, mb: float, seconds: float
) -> None:
    asked = memory(rule, load) - resources.SNAKEMAKE_MB
    assert mb < asked < 3 * mb
    assert 2 * seconds < 60 * minutes(rule, load)


def test_sizes_of_simulated_cohorts_come_from_the_demography() -> None:
    people, snps = Requests(study()).size("s-r01")
    assert people == 900
    assert 51_000 < snps < 2 * 51_000  # 51,458 were simulated
    assert Requests(study(demography="balding-nichols", loci=77, populations=2)).size("s-r01") == (600, 77)


def test_sizes_of_real_cohorts_are_read_off_the_files(tmp_path: Path) -> None:
    bed, fam = tmp_path / "a.bed", tmp_path / "a.fam"
    declared = {"files": {"bed": {"path": str(bed), "bytes": 4000}, "fam": {"path": str(fam)}}}
    spec = {"real": declared, "declared": declared}
    assert resources.real_size(spec) == (2000, 8)
    bed.write_bytes(bytes(3 + 3 * 70))
    fam.write_text("f i 0 0 0 -9\n" * 10)
    assert resources.real_size(spec) == (10, 71)
    unknown = {"files": {"bed": {"path": "nowhere"}}}
    assert resources.real_size({"real": unknown, "declared": unknown}) == resources.UNKNOWN


def test_each_rule_asks_for_what_it_needs_and_names_its_group() -> None:
    rules = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    for rule in NEEDS:
        assert rules.count(f'together("{rule}")') == rules.count(f'**requests.of("{rule}"') == 1, rule


def test_a_job_is_asked_for_by_what_its_rule_reads() -> None:
    requests = Requests(study())
    people, snps = requests.size("s-r01")
    assert requests.load("qc", {"cohort": "s-r01"}) == Load(people, snps)
    assert requests.load("fit", named(), [MLP] * 3) == Load(900, 800, 3, 2)
    assert requests.load("fit", named(), [MLP, MLP._replace(resamples=3)]) == Load(900, 800, 2, 2 + 6)
    assert requests.load("fit", named("all"), [MLP] * 3) == Load(900, snps, 3, 2)
    assert requests.load("metrics", named()) == Load(900, 800, 6)
    requests.study.config["models"]["reference"] = {"method": "cnn-reference"}
    assert requests.load("fit", named(), [MLP, MLP._replace(model="reference")]) == Load(
        900, 800, 2, 2, wide=True
    )
    assert requests.load("report", {}) == Load(900, snps, 24)
    asked, wildcards = requests.of("fit", [MLP] * 3), named()
    assert asked["mem_mb"](wildcards, attempt=2) == memory("fit", Load(900, 800, 3, 2), 2)
    assert asked["runtime"](wildcards, attempt=1) == minutes("fit", Load(900, 800, 3, 2))


@pytest.mark.parametrize(
    ("associations", "everywhere", "mixed", "decompositions"),
    [
        (("ols",), False, 0, 0),
        (("ols", "everywhere"), True, 0, 0),
        (("ols", "lmm"), True, 1, 1),
        (("lmm-view",), False, 1, 1),
        (("lmm-view", "lmm-loco"), True, 2, 23),
    ],
)
def test_tests_ask_by_the_snps_that_they_and_their_grms_read(
    associations: Sequence[str], everywhere: bool, mixed: int, decompositions: int
) -> None:
    requests = Requests(study(associations=associations))
    people, snps = requests.size("s-r01")
    load = Load(people, snps if everywhere else 800, mixed=mixed, decompositions=decompositions)
    assert requests.load("associate", named()) == load


def test_mixed_models_of_many_people_ask_for_the_time_of_their_decompositions() -> None:
    load = Load(10_000, 100_000, mixed=1, decompositions=22)
    decomposed = 0.2 * 22 * 10_000**3 / 1e9  # seconds: eigh takes 0.2 for 1,000 people
    assert NEEDS["associate"].seconds(load) > NEEDS["associate"].seconds(Load(10_000, 100_000)) + decomposed


@pytest.mark.parametrize("gpu", [0, 1])
def test_the_default_study_is_submitted_by_cohort(gpu: int) -> None:
    config = yaml_file.read(ROOT / "config" / "config.yaml") | {"gpu": gpu}
    requests = Requests(Study(check(config)))
    labels = [cohort.label for cohort in requests.study.cohorts]
    assert len(labels) == 7
    assert {label: requests.group("qc", {"cohort": label}) for label in labels} == {
        label: f"cohort-{label}" for label in labels
    }
    learnt = {requests.group("fit", vars(split)) for split in requests.study.splits}
    assert learnt == ({"learn"} if gpu else {f"cohort-{label}" for label in labels})


def groups(requests: Requests) -> dict[str, str | None]:
    """The group of a job of each rule, of one cohort and split."""
    rules = [rule for rule in NEEDS if rule != "read_cohort"]
    of_split = named()
    return {
        rule: requests.group(rule, {} if rule in ("summary", "figures", "report") else of_split)
        for rule in rules
    }


def test_a_small_cohort_is_one_submission(monkeypatch) -> None:
    monkeypatch.setattr(resources, "TOGETHER", 100_000)
    found = groups(Requests(study()))
    assert {found.pop(rule) for rule in ("summary", "figures", "report")} == {"conclude"}
    assert set(found.values()) == {"cohort-s-r01"}


def test_a_gpu_is_held_by_networks_alone(monkeypatch) -> None:
    monkeypatch.setattr(resources, "TOGETHER", 100_000)
    found = groups(Requests(study(gpu=1)))
    assert {found.pop(rule) for rule in ("fit", "attribute", "probe")} == {"learn"}
    assert {found.pop(rule) for rule in ("summary", "figures", "report")} == {"conclude"}
    assert found.pop("metrics") == "metrics"
    assert set(found.values()) == {"cohort-s-r01"}


@pytest.mark.parametrize("gpu", [0, 1])
def test_larger_cohorts_are_submitted_by_split_and_the_largest_job_by_job(gpu: int, monkeypatch) -> None:
    requests = Requests(study(gpu))
    monkeypatch.setattr(resources, "TOGETHER", requests._of_split(Split("s-r01", "all", "random")))
    found = groups(requests)
    assert found["qc"] == found["dataset"] == "cohort-s-r01"
    assert found["structure"] == "split-s-r01-few-random"
    assert found["fit"] == ("learn-" if gpu else "split-") + "s-r01-few-random"
    monkeypatch.setattr(resources, "TOGETHER", 1)
    found = groups(Requests(study(gpu)))
    assert {found[rule] for rule in ("simulate", "qc", "structure", "fit", "probe")} == {None}
