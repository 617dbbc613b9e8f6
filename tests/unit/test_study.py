"""A config expands to plain lists, once, in the order of its blocks."""

import pytest

from stratbench.study.study import Cohort, Dataset, Fit, Job, Split, Study


def make(**changes):
    block = {
        "cohorts": ["split"],
        "traits": ["t"],
        "splits": ["random"],
        "models": ["linear"],
        "adjustments": ["none", "a+b"],
        "attributions": ["x"],
        "associations": ["ols"],
    }
    config = {
        "study": "small",
        "seeds": 3,
        "job": "model",
        "gpu": 0,
        "cohorts": {"split": {"simulate": {}, "replicates": 2}, "mice": {"real": "mice.yaml"}},
        "traits": {"t": {"snps": 5}},
        "models": {"linear": {"method": "linear"}, "other": {"method": "mlp"}},
        "adjustments": {name: {"method": name} for name in "ab"},
        "blocks": [block, {**block, **changes}],
    }
    return Study(config)


def test_scenario_expands_to_replicates():
    assert make().cohorts == [
        Cohort("split-r01", "split", 1, real=False),
        Cohort("split-r02", "split", 2, real=False),
    ]


def test_real_cohort_keeps_its_label():
    assert make(cohorts=["mice"]).cohorts[-1] == Cohort("mice", "mice", 1, real=True)


def test_same_block_twice_is_made_once():
    study = make()
    assert study.datasets == [Dataset("split-r01", "t"), Dataset("split-r02", "t")]
    assert study.splits == [Split("split-r01", "t", "random"), Split("split-r02", "t", "random")]
    assert [fit.adjustment for fit in study.fits] == ["none", "a+b", "none", "a+b"]


def test_attributions_and_associations_are_the_union_over_blocks():
    study = make(attributions=["y", "x"], adjustments=["none"], associations=["lmm"])
    split = study.splits[0]
    none, combined = study.fits_of(split)
    assert study.attributions_of(none) == ["x", "y"]
    assert study.attributions_of(combined) == ["x"]
    assert study.associations_of(split) == ["ols", "lmm"]
    assert study.attribution_sets() == {
        ("linear", (("linear", "none", 3, 0, ("x", "y")), ("linear", "a+b", 3, 0, ("x",)))): [
            Job("split-r01", "t", "random", "linear"),
            Job("split-r02", "t", "random", "linear"),
        ]
    }


def test_one_job_trains_a_model_or_all_models_of_a_split():
    study = make(cohorts=["mice"], models=["linear", "other"], adjustments=["none"])
    linear = ("linear", "none", 3, 0, ()), ("linear", "a+b", 3, 0, ())
    both = ("linear", "none", 3, 0, ()), ("other", "none", 3, 0, ())
    simulated = [Split("split-r01", "t", "random"), Split("split-r02", "t", "random")]
    mice = Split("mice", "t", "random")
    assert study.fit_sets() == {
        ("linear", linear): [Job(**vars(split), job="linear") for split in simulated],
        ("linear", both[:1]): [Job(**vars(mice), job="linear")],
        ("other", both[1:]): [Job(**vars(mice), job="other")],
    }
    study.config["job"] = "split"
    assert study.fit_sets() == {
        ("all", linear): [Job(**vars(split), job="all") for split in simulated],
        ("all", both): [Job(**vars(mice), job="all")],
    }
    assert study.counts()["jax_jobs"] == 3 + 3 + 3


def test_a_block_has_its_own_number_of_seeds_and_a_shared_fit_the_larger_one():
    study = make(cohorts=["split", "mice"], models=["linear", "other"], seeds=1)
    seeds = {(fit.cohort, fit.model): study.seeds_of(fit) for fit in study.fits}
    assert seeds["split-r01", "linear"] == 3
    assert seeds["split-r01", "other"] == seeds["mice", "linear"] == seeds["mice", "other"] == 1
    assert study.counts()["trainings"] == 4 * 3 + 4 + 4
    assert {part.model: part.seeds for _, parts in study.fit_sets() for part in parts}["other"] == 1


def test_fit_knows_its_split():
    fit = Fit("c", "t", "s", "m", "a")
    assert fit.of == Split("c", "t", "s")
    assert fit.of != fit


def test_combined_adjustment_has_parts_in_order():
    assert make().adjustment("a+b") == [{"method": "a"}, {"method": "b"}]


def test_replicate_finds_its_scenario():
    assert make().cohort_spec("split-r02") == {"simulate": {}, "replicates": 2}


def test_counts():
    study = make(cohorts=["mice"], attributions=[], models=["linear"])
    assert study.counts() == {
        "cohorts": 3,
        "datasets": 3,
        "splits": 3,
        "fits": 6,
        "trainings": 18,
        "jax_jobs": 3 + 2 + 3,
    }


def test_block_without_models_has_no_fits_and_no_jax_jobs():
    config = {"study": "s", "seeds": 1, "job": "model", "gpu": 0, "cohorts": {"mice": {"real": "x"}}}
    block = {"cohorts": ["mice"], "traits": ["t"], "splits": ["r"], "models": [], "adjustments": ["none"]}
    study = Study({**config, "blocks": [{**block, "attributions": [], "associations": ["ols"]}]})
    assert study.fits == []
    assert study.counts()["jax_jobs"] == 0
    assert list(study.association_sets()) == [("ols",)]


def test_a_split_may_be_repeated_and_its_repeats_are_replicates_of_one_cohort():
    study = make(cohorts=["mice"], splits=["again"], adjustments=["none"], resamples=4)
    study.config["splits"] = {"again": {"method": "random", "file": None, "options": {}, "repeats": 3}}
    study = Study({**study.config, "blocks": study.config["blocks"][1:]})
    labels = ["again-1", "again-2", "again-3"]
    assert [split.split for split in study.splits] == labels
    assert study.spec("splits", "again-2") == {"method": "random", "file": None, "options": {}}
    assert study.place(Split("mice", "t", "again-2")) == {
        "study": "small", "scenario": "mice", "replicate": 2, "cohort": "mice", "trait": "t", "split": "again",
    }  # fmt: skip
    assert [study.resamples_of(fit) for fit in study.fits] == [4, 0, 0]
    assert study.counts()["trainings"] == 3 * 3 + 2 * 4


@pytest.mark.parametrize("label", ["split-r01", "split-r02"])
def test_order_is_stable(label):
    assert [fit for fit in make().fits if fit.cohort == label] == make().fits_of(Split(label, "t", "random"))
