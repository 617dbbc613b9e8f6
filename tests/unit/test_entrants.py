"""Models and rankings that were made elsewhere enter a study as tables, and get the numbers that they deserve."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import trained
from stations import raw_files
from stratbench.__main__ import parser
from stratbench.associations.methods import precomputed
from stratbench.cohorts.simulated.simulate import simulate
from stratbench.commands.plan import plan
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.genotypes import plink
from stratbench.genotypes.dosages import open_cohort
from stratbench.metrics.association import numbers, ranking
from stratbench.metrics.precision_recall import auc_pr
from stratbench.study.config import check
from stratbench.study.paths import Paths, fill
from stratbench.study.study import Split, Study
from stratbench.task.model_data import load
from stratbench.training.entered import entered

SPLIT = Split("mine", "ill", "random")
COHORT = {
    "title": "Made for a test",
    "licence": "none",
    "citation": "nobody",
    "mating": "outbred",
    "files": {end: {"path": f"made.{end}"} for end in ("bed", "bim", "fam")}
    | {"samples": {"path": "made.tsv"}},
    "tables": [{"file": "samples", "id": "iid", "columns": {"town": "population"}}],
    "population": "town",
    "traits": {},
}


def config(**block: Any) -> dict[str, Any]:
    """A study of one cohort, with one block, and the entrants."""
    return {
        "study": "entered",
        "seeds": 1,
        "cohorts": {"mine": {"real": COHORT, "qc": {"hwe": None, "duplicates": None}}},
        "traits": {
            "ill": {"simulate": {"kind": "binary", "h2": 0.8, "causal": 5, "environment": 0.1}, "snps": 150}
        },
        "splits": {"random": {"method": "random", "validation": 0.2, "test": 0.3}},
        "models": {"elsewhere": {"method": "precomputed", "predictions": "{cohort}/{trait}/{split}.tsv"}},
        "associations": {"weights": {"method": "precomputed", "scores": "{cohort}/weights.tsv"}},
        "blocks": [{"cohorts": ["mine"], "traits": ["ill"], "splits": ["random"], **block}],
    }


def exported(*further: str) -> tuple[np.ndarray, pd.DataFrame, list[str]]:
    """Dosages (N, M), people.tsv and the SNPs of what the command line exports."""
    where = ["--results", "results/entered", "--cohort", "mine", "--trait", "ill", "--split", "random"]
    arguments = parser().parse_args(["export", *where, "--out", "task", *further])
    arguments.run(arguments)
    task = {end: f"task/genotypes.{end}" for end in ("bed", "bim", "fam")}
    return (
        open_cohort(task).read().T.astype(float),
        files.read_tsv("task/people.tsv"),
        list(plink.read_bim(task["bim"])["snp"]),
    )


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A study with a model of scikit-learn that was trained on the export, its metrics, and what was entered."""
    from whole_study import cohort_of, metrics_of

    options = {"individuals": 120, "loci": 400, "populations": 2, "fst": 0.05}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("entered"))
        simulate(
            {},
            raw_files("made", "made.tsv"),
            demography="balding-nichols",
            options=options,
            names=["entered"],
        )
        first = Study(check(config(associations=["ols"])))
        paths = Paths(first.name)
        cohort_of(first, paths)
        metrics_of(first, paths, SPLIT)
        x_NM, people, snps = exported()
        train_N = (people["set"] == "train").to_numpy()
        model = LogisticRegression(C=0.01, max_iter=2000).fit(x_NM[train_N], people["y"][train_N])
        score_N, probability_N = model.decision_function(x_NM), model.predict_proba(x_NM)[:, 1]
        table = people[["iid", "set"]].assign(score=score_N, probability=probability_N)[~train_N]
        Path("mine/ill").mkdir(parents=True)
        files.write_tsv(table.sample(frac=1, random_state=1), "mine/ill/random.tsv")  # in any order
        files.write_tsv(pd.DataFrame({"snp": snps, "score": model.coef_[0]}), "mine/weights.tsv")
        second = plan(config(models=["elsewhere"], associations=["ols", "weights"]))
        metrics_of(second, paths, SPLIT)
        metrics = files.read_tsv(fill(paths.metrics, SPLIT))
        truth, y = (
            files.read_tsv(fill(paths.truth, SPLIT)),
            files.read_tsv(fill(paths.trait, SPLIT)).set_index("iid")["y"],
        )
        yield people, table, pd.Series(model.coef_[0], index=snps), metrics, truth, y, second


def value(metrics: pd.DataFrame, metric: str, **keys: str) -> float:
    """The one number of a metric over all people."""
    keys = {"population": "", "metric": metric, "model": "", "association": "", **keys}
    own = metrics.fillna("")
    (row,) = own[(own[list(keys)] == pd.Series(keys)).all(axis=1)].itertuples()
    assert row.status == "ok", row.reason
    return float(row.value)


def test_the_export_holds_the_split_and_no_label_of_the_test(judged: Any) -> None:
    people, *_, y, _ = judged
    test_N = people["set"] == "test"
    assert people["y"][test_N].isna().all()
    assert people["y"][~test_N].tolist() == y.loc[people["iid"][~test_N]].tolist()
    fam = plink.read_fam("task/genotypes.fam")
    wanted = np.where(test_N, "-9", (people["y"] + 1).fillna(0).astype(int).astype(str))
    assert fam["iid"].tolist() == people["iid"].tolist()
    assert fam["phenotype"].tolist() == wanted.tolist()
    tables = [files.read_tsv(f"task/{name}.txt") for name in ("phenotypes", "covariates")]
    assert all(table["IID"].tolist() == people["iid"].tolist() for table in tables)
    assert Path("task/phenotypes.txt").read_text().count("\tNA\n") == test_N.sum()
    assert tables[1].columns.tolist() == ["FID", "IID", *(name for name in people if name.startswith("pc"))]
    for name in ("train", "validation", "test"):
        kept = [line.split()[1] for line in Path(f"task/{name}.keep").read_text().splitlines()]
        assert kept == people["iid"][people["set"] == name].tolist()
    assert files.read_json("task/export.json")["n_test"] == test_N.sum()


def test_labels_of_the_test_are_there_if_they_are_asked_for(judged: Any) -> None:
    y = judged[5]
    _, people, _ = exported("--test-labels")
    assert people["y"].tolist() == y.loc[people["iid"]].tolist()


def test_covariates_of_the_names_of_other_columns_are_exported(judged: Any) -> None:
    path = Path(fill(Paths("entered").covariates, SPLIT))
    was = path.read_bytes()
    table = files.read_tsv(path)
    files.write_tsv(
        table.assign(**{"y": 1.5, "set": 2.5, "pc1": 3.5, "site=New York": 4.5, "FID": 5.5}), path
    )
    people = exported()[1]
    path.write_bytes(was)
    names = ["covariate_y", "covariate_set", "covariate_pc1", "site=New York", "covariate_FID"]
    assert people[names].drop_duplicates().to_numpy().tolist() == [[1.5, 2.5, 3.5, 4.5, 5.5]]
    assert set(people["set"]) == {"train", "validation", "test"}
    header = Path("task/covariates.txt").read_text().splitlines()[0]
    assert header.split() == header.split("\t")
    assert header.endswith("\tcovariate_pc1\tsite=New_York\tcovariate_FID")


def test_predictions_have_the_metrics_that_are_computed_directly(judged: Any) -> None:
    people, table, _, metrics, _, y, _ = judged
    test = table[table["set"] == "test"].set_index("iid")
    label = y.loc[test.index]
    assert value(metrics, "auroc", model="elsewhere") == pytest.approx(
        roc_auc_score(label, test["score"]), abs=1e-8
    )
    brier = np.mean((test["probability"] - label) ** 2)
    assert value(metrics, "brier", model="elsewhere") == pytest.approx(brier, abs=1e-8)
    town = people.set_index("iid")["population"].loc[test.index]
    right = pairs = 0.0
    for name in town.unique():  # over all pairs of a case and a control of one population
        own = test["score"][town == name]
        case, control = own[label[own.index] == 1].to_numpy(), own[label[own.index] == 0].to_numpy()
        right += (case[:, None] > control).sum()
        pairs += len(case) * len(control)
    assert value(metrics, "auroc_stratified_f", model="elsewhere") == pytest.approx(right / pairs, abs=1e-8)
    assert 0 < value(metrics, "ancestry_logit", model="elsewhere") <= 1
    assert np.isfinite(value(metrics, "over_pcs", model="elsewhere"))


def test_scores_of_snps_have_the_recovery_that_is_computed_directly(judged: Any) -> None:
    *_, weights, metrics, truth, _, _ = judged[:7]
    causal = weights.index.isin(truth["snp"][truth["visible"] == 1])
    expected = auc_pr(causal, weights.abs().to_numpy())
    assert value(metrics, "causal_auc_pr", association="weights") == pytest.approx(expected, abs=1e-8)
    inflation = metrics[(metrics["association"] == "weights") & (metrics["metric"] == "lambda_gc")]
    assert inflation["reason"].tolist() == ["no SNP has a p value"]


def predicted(folder: Path, lines: list[str], header: str = "iid\tscore\tset") -> pd.DataFrame:
    """What is entered into a small split of a table with these lines."""
    data = load(trained.write_dataset(folder))
    path = folder / "elsewhere.tsv"
    people = dict(zip(data.iid_N, data.set_N, strict=True))
    ids = {
        f"{name}_{k}": iid
        for name in set(data.set_N)
        for k, iid in enumerate(i for i in people if people[i] == name)
    }
    every = [f"{iid}\t0.25\t{name}" for iid, name in people.items() if name != "train"]
    text = [line.format(**ids) for line in lines]
    own = [
        line for line in every if line.split("\t")[0] not in {one.lstrip("-").split("\t")[0] for one in text}
    ]
    path.write_text("\n".join([header, *own, *(line for line in text if not line.startswith("-"))]) + "\n")
    return entered(data, {"method": "precomputed", "options": {"predictions": str(path)}})


def test_training_people_may_be_left_out(tmp_path: Path) -> None:
    table = predicted(tmp_path, ["{train_0}\t-2\ttrain"])
    train = table[table["set"] == "train"]
    assert train["score"].notna().sum() == 1
    assert (table["score"][table["set"] != "train"] == 0.25).all()
    assert (table["f"].dropna() == table["score"].dropna()).all()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["i9999\t0.5\ttest"], "1 of 37 ids are not in this split, first 'i9999'"),
        (["{test_0}\t0.5\ttrain"], "is in the set train, in this split in test"),
        (["{test_0}\tmuch\ttest"], "score is 'much', not a finite number"),
        (["{test_0}\tinf\ttest"], "score is 'inf', not a finite number"),
        (["{test_0}\t\ttest"], "has no row for 1 of 12 test individuals, first 'i"),
        (["-{validation_1}"], "has no row for 1 of 24 validation individuals, first 'i"),
        (["{test_0}\t1\ttest", "{test_0}\t2\ttest"], "is listed before; leave one row out"),
        (["{test_0}\t1"], "has 2 fields, the header 3"),
    ],
)
def test_a_table_of_predictions_that_is_wrong_is_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        predicted(tmp_path, lines)
    assert str(refused.value).startswith(str(tmp_path / "elsewhere.tsv"))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("snp\tp\ns1\t.5\ns2\t.1\n", "no row for 1 of 3 SNPs, first 's3'; a SNP without a test has a row"),
        (
            "snp\tp\ns1\t.5\ns2\t.1\ns3\t1\ns4\t1\n",
            "1 of 4 ids are not in keep.snp of this dataset, first 's4'",
        ),
        ("snp\tp\ns1\t.5\ns2\t7\ns3\t1\n", "line 3: p is 7, not from 0 to 1"),
        ("snp\tp\ns1\t.5\ns1\t.5\ns3\t1\n", "line 3: 's1' is listed before"),
        ("snp\tbeta\ns1\t.5\ns2\t.1\ns3\t1\n", "give one of the columns 'p' and 'score'"),
        ("snp\tscore\ns1\t\ns2\tNA\ns3\t.\n", "no SNP has a p or score"),
        ("id\tscore\ns1\t1\n", "has 0 columns 'snp'"),
    ],
)
def test_a_table_of_scores_that_is_wrong_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        scored(tmp_path, text)


def scored(folder: Path, text: str) -> pd.DataFrame:
    """The association's table of three SNPs."""
    path = folder / "scores.tsv"
    path.write_text(text)
    data: Any = SimpleNamespace(snp_M=np.array(["s1", "s2", "s3"], dtype=object))
    return precomputed.associate(data, {"scores": str(path)})


def test_p_values_rank_and_untested_snps_stand_last(tmp_path: Path) -> None:
    table = scored(tmp_path, "snp\tp\tbeta\ns3\t1e-9\t-2\ns1\t\t\ns2\t0.5\t1\n")
    assert table["snp"].tolist() == ["s1", "s2", "s3"]
    assert np.argsort(ranking(*numbers(table))).tolist() == [0, 1, 2]
    assert table["beta"].tolist()[1:] == [1, -2]
    sizes = ranking(*numbers(scored(tmp_path, "snp\tscore\ns1\t-3\ns2\t0.5\ns3\t1\n")))
    assert sizes.tolist() == [3, 0.5, 1]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"adjustments": ["none", "placebo"]}, "blocks[0].adjustments: model 'elsewhere' was made elsewhere"),
        ({"resamples": 3}, "blocks[0].resamples: model 'elsewhere' was made elsewhere"),
        (
            {"attributions": ["occlusion"]},
            "attribution 'occlusion' explains a network, and model 'precomputed' is",
        ),
    ],
)
def test_what_only_training_gives_is_refused_with_the_config(block: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as refused:
        check(config(models=["elsewhere"], **block))
    assert said in str(refused.value)


def test_a_table_that_is_absent_or_serves_two_splits_is_refused_before_a_run(judged: Any) -> None:
    wrong = config(models=["elsewhere"])
    wrong["models"]["elsewhere"]["predictions"] = "{cohort}/absent.tsv"
    with pytest.raises(
        UserError, match=r"models\.elsewhere: mine/absent\.tsv is not there; make it from what `stratbench"
    ):
        plan(wrong)
    twice = config(associations=["weights"])
    twice["splits"]["again"] = twice["splits"]["random"]
    twice["blocks"][0]["splits"] = ["random", "again"]
    with pytest.raises(
        UserError, match=r"mine/weights\.tsv would serve two splits of people; write \{cohort\}"
    ):
        plan(twice)


def test_entrants_have_jobs_of_their_own(judged: Any) -> None:
    both = config(models=["elsewhere"])
    both["blocks"].append({**both["blocks"][0], "models": ["linear", "ridge"]})
    jobs = [job for job, _ in Study(check(both | {"job": "split"})).fit_sets()]
    assert jobs == ["elsewhere", "all"]
