"""Every mistake in a config is refused by its key, with the nearest valid name, before anything runs."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from stratbench.core.errors import UserError
from stratbench.study import config as configs
from stratbench.study.study import Study

ROOT = Path(__file__).parents[2]
GOOD = """
study: small
cohorts:
  pair: {simulate: {demography: split, populations: 2, individuals: 20}, qc: {maf: 0.05}}
  mice: {real: COHORT_FILE}
traits:
  confounded: {simulate: {kind: binary, h2: 0.5, causal: 5, environment: 0.25}, snps: 100}
  clean: {simulate: {h2: 0.5}}
  cd8: {measured: cd8}
splits:
  halves: {method: given, column: half}
  half: {method: random, test: 0.5}
models:
  deep: {method: cnn, epochs: 3}
adjustments:
  pc5: {method: pc-covariates, pcs: 5}
blocks:
  - cohorts: [pair]
    traits: [confounded]
    splits: [half, random]
    models: [deep, linear]
    adjustments: [none, pc5, pc5+feature-residual]
    attributions: [gradient-input]
    associations: [ols]
  - {cohorts: [mice], traits: [cd8, clean], splits: [random, halves]}
"""
COHORT_FILE = """
title: Mice
licence: CC0
citation: Nobody 2000
mating: pedigree
files:
  bed: {name: x.bed, sha256: DIGEST, sources: [{mirror: x}]}
  bim: {name: x.bim, sha256: DIGEST, sources: [{mirror: x}]}
  fam: {name: x.fam, sha256: DIGEST, sources: [{mirror: x}]}
columns: {cd8: 6, half_1: 7}
derived: {half: {train: half_1}}
traits:
  cd8: {kind: quantitative, column: cd8}
qc: {hwe: null}
""".replace("DIGEST", "a" * 64)


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "mice.yaml"
    path.write_text(COHORT_FILE)
    return yaml.safe_load(GOOD.replace("COHORT_FILE", str(path)))


def changed(config, place, value):
    """A copy of the config with one place set (or removed: ``...``)."""
    config = copy.deepcopy(config)
    target = config
    *path, last = place
    for key in path:
        target = target[key]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return config


def problems(config) -> str:
    with pytest.raises(UserError) as caught:
        configs.check(config)
    return str(caught.value)


def test_good_config_is_completed(good):
    config = configs.check(good)
    assert config["seeds"] == 2
    assert config["cohorts"]["pair"]["replicates"] == 1
    assert config["cohorts"]["pair"]["simulate"]["demography"] == "split"
    assert config["cohorts"]["pair"]["simulate"]["options"]["fst"] == 0.05
    assert config["cohorts"]["mice"]["qc"]["maf"] == 0.01
    assert config["cohorts"]["mice"]["qc"]["hwe"] is None  # the cohort file's own
    assert config["models"]["deep"]["method"] == "cnn"
    assert config["models"]["deep"]["file"] is None
    assert config["models"]["deep"]["options"]["epochs"] == 3
    assert config["models"]["deep"]["options"]["batch_size"] == 64
    assert config["traits"]["cd8"] == {"measured": "cd8", "snps": None, "at_most": None}


def test_label_that_is_not_defined_is_the_method_of_that_name(good):
    config = configs.check(good)
    assert config["models"]["linear"]["method"] == "linear"
    assert {"none", "pc5", "feature-residual"} == set(config["adjustments"])
    assert [part["method"] for part in Study(config).adjustment("pc5+feature-residual")] == [
        "pc-covariates",
        "feature-residual",
    ]


def test_config_of_the_caller_is_not_changed(good):
    before = copy.deepcopy(good)
    configs.check(good)
    assert good == before


TRAIT = ("traits", "confounded", "simulate")
REFUSALS = [
    (["sutdy"], "x", "sutdy: unknown key 'sutdy': did you mean 'study'?"),
    (["study"], ..., "'study' is missing"),
    (["study"], "Upper", "study: 'Upper' is no label"),
    (["study"], "_first", "study: '_first' is no label: lower-case letters, digits, '.', '_', '+' and '-'"),
    (["seeds"], 0, "seeds: 0 must be 1 or more; give e.g. 2"),
    (
        ["cohorts", "pair", "replicate"],
        3,
        "cohorts.pair.replicate: unknown key 'replicate': did you mean 'replicates'?",
    ),
    (["cohorts", "pair", "real"], "x.yaml", "cohorts.pair: give either 'simulate'"),
    (["cohorts", "mice", "real"], "no/such.yaml", "cohorts.mice.real: no such cohort file: no/such.yaml"),
    (
        ["cohorts", "pair", "simulate", "demography"],
        "spilt",
        "cohorts.pair.simulate.demography: unknown demography 'spilt': did you mean 'split'?",
    ),
    (
        ["cohorts", "pair", "simulate", "fts"],
        0.1,
        "cohorts.pair.simulate.fts: unknown key 'fts': did you mean 'fst'?",
    ),
    (
        ["cohorts", "pair", "simulate", "fst"],
        1.5,
        "cohorts.pair.simulate.fst: 1.5 must lie between 0 and 1, both excluded; give e.g. 0.05",
    ),
    (["cohorts", "pair", "simulate", "mutation"], "1e-8", "YAML wants a dot and a sign: 1.0e-08"),
    (["cohorts", "pair", "qc", "mav"], 0.1, "cohorts.pair.qc.mav: unknown key 'mav': did you mean 'maf'?"),
    (["structure"], {"grm_mots": 1}, "structure.grm_mots: unknown key 'grm_mots': did you mean 'grm_most'?"),
    (["structure"], {"loco": "yes"}, "structure.loco: 'yes' is not of type 'boolean'"),
    (["structure"], 5, "structure: 5 is not of type 'object'"),
    (["cohorts", "Pair"], {"real": "x"}, "cohorts: 'Pair' is no label"),
    (["traits", "confounded", "measured"], "x", "traits.confounded: give either 'simulate'"),
    (
        ["traits", "confounded", "simulate", "h2"],
        1.2,
        "traits.confounded.simulate.h2: 1.2 must lie between 0 and 1",
    ),
    (
        ["traits", "confounded", "simulate", "environment"],
        0.6,
        "traits.confounded.simulate.environment: h2 + environment is 1.1",
    ),
    (["traits", "confounded", "simulate", "prevalence"], 0, "traits.confounded.simulate.prevalence: 0 must"),
    (["traits", "confounded", "simulate", "prevalence"], 1, "traits.confounded.simulate.prevalence: 1 must"),
    (
        ["traits", "confounded", "simulate", "kind"],
        "binry",
        "traits.confounded.simulate.kind: unknown value 'binry': did you mean 'binary'?",
    ),
    (
        ["traits", "confounded", "simulate", "population_effects"],
        {"p1": 0, "p3": 1},
        "traits.confounded.simulate.population_effects.p3: 'pair' has no population 'p3': did you mean 'p",
    ),
    (
        ["traits", "confounded", "simulate", "population_effects"],
        {"p1": 1},
        "traits.confounded.simulate.population_effects: no value for p2 of 'pair'",
    ),
    (
        ["blocks", 1, "traits"],
        ["confounded"],
        "traits.confounded.simulate: environment > 0 needs populations, but 'mice' declares none",
    ),
    (["traits", "confounded", "simulate", "causal"], 0, "traits.confounded.simulate.causal: no causal SNPs"),
    ([*TRAIT, "prevalence"], {"p1": 0.5}, "simulate.prevalence: no value for p2 of 'pair'"),
    ([*TRAIT, "prevalence"], {"p1": 0.5, "p2": 1.5}, "simulate.prevalence.p2: 1.5 must lie between 0 and 1"),
    (
        [*TRAIT, "family_environment"],
        0.5,
        "environment: h2 + environment + family_environment is 1.25",
    ),
    (
        TRAIT,
        {"family_environment": 0.2},
        "traits.confounded.simulate.family_environment: 'pair' has no families; set it to 0, or use demography",
    ),
    ([*TRAIT, "gradient"], ["row"], "simulate.gradient: belongs to environment_shape: smooth"),
    (
        [*TRAIT, "environment_shape"],
        "smoth",
        "environment_shape: unknown value 'smoth': did you mean 'smooth'",
    ),
    ([*TRAIT, "deme_sd"], 2, "simulate.deme_sd: belongs to environment_shape: sharp"),
    ([*TRAIT, "causal_populations"], ["p1"], "set causal_shared < 1 or leave this out"),
    (
        ["traits", "other"],
        {"simulate": {"h2": 0.4, "causal": 5, "twin": "confounded"}, "snps": 50},
        "traits.other.simulate: 'other' and 'confounded' are twins but differ in h2, snps; make these equal",
    ),
    (
        ["traits", "confounded", "simulate"],
        {"environment": 0.2, "environment_shape": "smooth", "gradient": ["row"]},
        "traits.confounded.simulate.gradient: samples of 'pair' have no column 'row': known: none",
    ),
    (
        ["traits", "confounded", "simulate"],
        {"environment_shape": "sharp", "deme": "p3", "deme_sd": 2},
        "traits.confounded.simulate.deme.p3: 'pair' has no population 'p3'",
    ),
    (
        ["cohorts", "pair", "simulate"],
        {"demography": "panmictic"},
        "traits.confounded.simulate: environment > 0 needs two populations or more, but 'pair' has one",
    ),
    (
        ["traits", "clean", "simulate", "family_environment"],
        0.2,
        "traits.clean.simulate.family_environment: 'mice' declares no families; set it to 0",
    ),
    (["traits", "confounded", "ascertain"], {"case": 3}, "ascertain.case: unknown key 'case': did you mean"),
    (["traits", "confounded", "ascertain"], {"first": 3}, "ascertain.blocks: state the blocks"),
    (
        ["traits", "confounded", "ascertain"],
        {"cases": 30},
        "traits.confounded.ascertain.cases: 30 cases asked for, but 'pair' has about 20; ask for fewer",
    ),
    (
        ["traits", "confounded", "ascertain"],
        {"controls": {"p1": 25, "p2": 0}},
        "traits.confounded.ascertain.controls: 25 controls of p1 asked for, but 'pair' has about 20",
    ),
    (
        ["traits", "confounded", "ascertain"],
        {"first": {"cases": 5, "controls": 22}, "blocks": 2},
        "traits.confounded.ascertain.first: 22 controls asked for, but 'pair' has about 20",
    ),
    (
        ["traits", "confounded", "ascertain"],
        {"case_share": {"p1": 0.5, "p9": 0.5}},
        "traits.confounded.ascertain.case_share.p9: 'pair' has no population 'p9'",
    ),
    (["traits", "cd8", "ascertain"], {"cases": 5}, "traits.cd8.ascertain.cases: ascertainment is by cases"),
    (
        ["traits", "clean", "ascertain"],
        {"cases": {"x": 5}},
        "traits.clean.ascertain.cases: names populations, but 'mice' declares none",
    ),
    (
        ["splits", "half"],
        {"method": "given", "column": "halv"},
        "splits.half.column: samples of 'pair' have no column 'halv'",
    ),
    (["traits", "confounded", "snps"], 4, "traits.confounded.simulate.causal: 5 causal SNPs, but"),
    (
        ["traits", "cd8", "measured"],
        "cd9",
        "traits.cd8.measured: 'mice' declares no trait 'cd9': did you mean 'cd8'?",
    ),
    (["splits", "half", "test"], 0.9, "splits.half: test + validation is 1.05; nobody is left to train"),
    (["splits", "half"], {"method": "given"}, "splits.half: 'column' is missing"),
    (
        ["splits", "half"],
        {"method": "given", "column": "population", "repeats": 2},
        "splits.half.repeats: this split has the same test people each time; leave it out",
    ),
    (
        ["splits", "half", "method"],
        "randm",
        "splits.half.method: unknown split 'randm': did you mean 'random'?",
    ),
    (["models", "deep", "method"], "cnnn", "models.deep.method: unknown model 'cnnn': did you mean 'cnn'?"),
    (["models", "deep", "epoch"], 3, "models.deep.epoch: unknown key 'epoch': did you mean 'epochs'?"),
    (["models", "deep", "epochs"], "3", "models.deep.epochs: '3' is not of type 'integer'"),
    (["models", "deep", "file"], "x.py", "models.deep: give either 'method' (a name) or 'file'"),
    (["models", "mine"], {"file": "no.py"}, "models.mine.file: model 'no': no such file: no.py"),
    (["adjustments", "pc5", "pcs"], 0, "adjustments.pc5.pcs: 0 must lie between 1 and 20; give e.g. 10"),
    (["adjustments", "a+b"], {"method": "none"}, "adjustments.a+b: a+b is composed"),
    (["blocks", 0, "model"], ["cnn"], "blocks[0].model: unknown key 'model': did you mean 'models'?"),
    (
        ["blocks", 0, "models"],
        ["linaer"],
        "blocks[0].models: undefined label 'linaer': did you mean 'linear'?",
    ),
    (["blocks", 0, "cohorts"], ["piar"], "blocks[0].cohorts: undefined label 'piar': did you mean 'pair'?"),
    (
        ["blocks", 0, "traits"],
        ["cd8"],
        "traits.cd8.measured: the simulated cohort 'pair' has no measured traits",
    ),
    (
        ["blocks", 0, "adjustments"],
        ["pc5+pc6"],
        "blocks[0].adjustments: undefined label 'pc6': did you mean 'pc5'?",
    ),
    (["blocks", 0, "adjustments"], ["pc5+pc5"], "blocks[0].adjustments: 'pc5+pc5' names a part twice"),
    (
        ["blocks", 0, "models"],
        ["linear", "boosting"],
        "blocks[0].attributions: attribution 'gradient-input' needs the gradient of f, which model 'boosting' does not",
    ),
    (["blocks", 0, "cohorts"], [], "blocks[0].cohorts: [] should be non-empty"),
    (["blocks"], [], "blocks: [] should be non-empty"),
    (["models"], None, "models: None is not of type 'object'"),
]


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (["cohorts", "pair", "replicates"], 2, "splits.half.repeats: 'pair' has replicates, which show more"),
        (
            ["splits", "half-2"],
            {"method": "random"},
            "splits.half-2: is also what a repeat of 'half' is called",
        ),
        (["dial"], {"title": "t", "points": {"pair": 1, "mice": 2}}, "dial: its points need independent"),
        (["splits", "half", "repeats"], 0, "splits.half.repeats: 0 must lie between 1 and 99"),
    ],
)
def test_what_a_repeated_split_does_not_go_with(good, place, value, problem):
    repeated = changed(good, ["splits", "half", "repeats"], 3)
    assert configs.check(repeated)["splits"]["half"]["repeats"] == 3
    once = changed(good, ["splits", "half", "repeats"], 1)
    assert "repeats" not in configs.check(once)["splits"]["half"]
    assert problem in problems(changed(repeated, place, value))


# what a demography's own check refuses: its options, the option that is named, and the message
DEMOGRAPHIES = [
    ({"demography": "american-admixture", "proportions": [0.5, 0.5, 0.5]}, "proportions: they sum to 1.5;"),
    ({"demography": "island", "fst": 0.00001}, "fst: each generation 1.67 of a population would come"),
    ({"demography": "island", "migration": 0.6}, "migration: each generation 1.2 of a population would come"),
    ({"demography": "island", "migration": 0.1, "fst": 0.1}, "fst: it follows from 'migration'"),
    ({"demography": "stepping-stone", "rows": 1, "columns": 1}, "rows: 1 row of 1 column is no lattice;"),
    (
        {"demography": "stepping-stone", "history": "perpetual", "ancestral_size": 9},
        "ancestral_size: it is for history recent, but that is perpetual; leave it out",
    ),
    ({"demography": "stepping-stone", "history": "perpetual", "panmixia": 9}, "panmixia: it is for history"),
    (
        {"demography": "stepping-stone", "horizon": 9},
        "horizon: it is for history perpetual, but that is recent",
    ),
    (
        {"demography": "balding-nichols", "fst": [0.1, 0.2]},
        "fst: 2 values for 3 populations; give one for each",
    ),
    (
        {"demography": "balding-nichols", "spread": 2},
        "spread: it is of admixed people; set 'admixture' to true",
    ),
    (
        {"demography": "balding-nichols", "mutation": 0.1},
        "mutation: 0.1 is refused: independent loci have no",
    ),
    (
        {"demography": "family", "founders": "split", "founder_options": {"fst": 2}},
        "founder_options: demography 'split': option 'fst' is 2: 2 must lie between 0 and 1, both excluded; give",
    ),
    (
        {"demography": "family", "founders": "split", "founder_options": {"fst": 0.00001}},
        "founder_options: the founders' populations change 0.2 generations ago, but families go back 2; leave",
    ),
    (
        {"demography": "family", "founders": "stepping-stone", "founder_options": {"horizon": 9}},
        "founder_options: 'horizon': it is for history perpetual",
    ),
]


@pytest.mark.parametrize(("simulate", "message"), DEMOGRAPHIES, ids=[case[1] for case in DEMOGRAPHIES])
def test_impossible_demography_is_refused_before_anything_runs(good, simulate, message):
    bad = changed(good, ["cohorts", "pair", "simulate"], simulate)
    assert problems(bad).splitlines()[1:] == [line for line in problems(bad).splitlines() if message in line]
    assert f"  cohorts.pair.simulate.{message}" in problems(bad)


def test_users_demography_has_its_own_check(good, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "OPTIONS = {'size': {'type': 'number', 'default': 0}}\nCITATION = ''\n"
        "def samples(options):\n    return {'a': 2}\ndef demography(options):\n    return None\n"
        "def problems(options):\n    yield 'size', 'nobody is left; raise it'\n"
    )
    bad = changed(good, ["cohorts", "pair", "simulate"], {"file": str(file)})
    assert "cohorts.pair.simulate.size: nobody is left; raise it" in problems(bad)


def test_check_of_a_config_imports_no_simulator():
    """Snakemake reads the config again in every job."""
    code = "import sys; from stratbench.study import config; config.load('config/config.yaml')"
    code += "; print('msprime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("named", ["logistic", "with-pcs"])
def test_no_quantitative_trait_is_tested_as_cases_and_controls(good, named):
    """Its job, which runs all tests of a split, would end without any."""
    good["associations"] = {"with-pcs": {"method": "logistic", "pcs": 5}}
    good["blocks"][0]["associations"] = [named]
    configs.check(good)  # a binary trait
    simulated = changed(good, ["traits", "confounded", "simulate", "kind"], "quantitative")
    said = f"associations: '{named}' tests cases and controls, and trait '{{}}' of '{{}}' is quantitative; take ols-pcs"
    assert f"blocks.0.{said.format('confounded', 'pair')}" in problems(simulated).replace("[0]", ".0")
    measured = changed(good, ["blocks", 1, "associations"], ["ols", named])
    assert said.format("cd8", "mice") in problems(measured)


@pytest.mark.parametrize(("place", "value", "message"), REFUSALS, ids=[case[2] for case in REFUSALS])
def test_mistake_is_refused_by_name(good, place, value, message):
    assert message in problems(changed(good, place, value))


def test_options_of_traits_are_completed(good):
    trait = {
        "simulate": {"causal": 5, "prevalence": {"p1": 0.2, "p2": 0.5}},
        "ascertain": {"case_share": 0.5},
    }
    spec = configs.check(changed(good, ["traits", "confounded"], trait))["traits"]["confounded"]
    assert spec["simulate"]["environment_shape"] == "populations"
    assert spec["ascertain"] == {
        "cases": None,
        "controls": None,
        "case_share": 0.5,
        "first": None,
        "blocks": None,
    }


def test_all_problems_are_listed_at_once(good):
    bad = changed(changed(good, ["models", "deep", "epoch"], 3), ["traits", "confounded", "snps"], 4)
    assert len(problems(changed(bad, ["seed"], 3)).splitlines()) == 4


def test_key_that_yaml_reads_as_no_text_is_refused(good):
    assert "traits: YAML reads the key None as no text; quote it" in problems(
        changed(good, ["traits", None], {})
    )


def test_user_method_file_has_its_options_checked(good, tmp_path):
    file = tmp_path / "mine.py"
    source = 'OPTIONS = {"depth": {"type": "integer", "default": 2}}\nCITATION = ""\n'
    file.write_text(source + "def build(n_snps, options):\n    return None\n")
    config = configs.check(changed(good, ["models", "deep"], {"file": str(file)}))
    assert config["models"]["deep"] == {"method": "mine", "file": str(file), "options": {"depth": 2}}
    assert "models.deep.depht: unknown key 'depht': did you mean 'depth'?" in problems(
        changed(good, ["models", "deep"], {"file": str(file), "depht": 3})
    )


def test_load_names_the_file(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("study: [")
    with pytest.raises(UserError, match=r"bad.yaml: not YAML"):
        configs.load(path)


def test_a_model_without_a_gradient_goes_with_occlusion(good):
    block = good["blocks"][0] | {"models": ["linear", "boosting", "ridge"], "attributions": ["occlusion"]}
    assert configs.check(good | {"blocks": [block, good["blocks"][1]]})


@pytest.mark.parametrize(
    ("stated", "said"), [("True", ""), ("False", "needs the gradient"), ("1", "is 1; it must be")]
)
def test_a_users_model_says_whether_it_has_a_gradient(good, tmp_path, stated, said):
    """The constant is read from the source, so that nothing of the user's runs."""
    file = tmp_path / "mine.py"
    file.write_text(
        f"OPTIONS = {{}}\nCITATION = ''\nDIFFERENTIABLE = {stated}\ndef build(n_snps, options):\n    pass\nabsent\n"
    )
    good["models"]["mine"] = {"file": str(file)}
    good["blocks"][0]["models"] = ["mine"]
    if not said:
        assert configs.check(good)
        return
    with pytest.raises(UserError, match=said):
        configs.check(good)


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_configs_are_valid(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert configs.load(path)["blocks"]
