"""Corrections of people's weights, offsets and inputs, against their definitions; what they refuse is a status row."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logit
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import r2_score

from adjusted import adjusted_inputs, batch, everyone, prepared
from stratbench.adjustments.contract import Context
from stratbench.adjustments.methods import drop_aims, matched, offset, reweight
from stratbench.adjustments.methods.population_standardise import expected
from stratbench.core import files
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.genotypes import plink
from stratbench.training.fit import fit_one
from stratbench.training.setup import Setup, build_adjustment
from trained import outputs, spec, write_dataset

NAMES = ["cohort", "trait", "split", "model"]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_dataset(tmp_path_factory.mktemp("dataset"), n=100)


@pytest.fixture(scope="module")
def quantitative(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_dataset(tmp_path_factory.mktemp("dataset"), kind="quantitative")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """So few people that some SNPs vary in one population and not in the other."""
    return write_dataset(tmp_path_factory.mktemp("dataset"), n=20)


def unlabelled(paths: dict[str, Any], directory: Path) -> dict[str, Any]:
    """The same dataset, whose people are all of one population."""
    samples = files.read_tsv(paths["samples"]).assign(population="all")
    files.write_tsv(samples, directory / "samples.tsv")
    return paths | {"samples": directory / "samples.tsv"}


def rows(setup: Setup, name: str, **changed: Any) -> np.ndarray:
    """What an adjustment, fitted on the context with these parts changed, reads for each individual."""
    return np.asarray(setup.adjustment.fit(replace(setup.context, **changed)).rows[name])


@pytest.mark.filterwarnings("error")  # the network's fit settles
@pytest.mark.parametrize("form", ["linear", "mlp"])
@pytest.mark.parametrize("kind", ["binary", "quantitative"])
def test_nobodys_label_enters_his_own_offset(
    paths: dict[str, Any], quantitative: dict[str, Any], form: str, kind: str
) -> None:
    """It is that of a fit on the other folds; outside training, that of a fit on everyone in training."""
    setup = prepared(
        paths if kind == "binary" else quantitative, spec("adjustment", "offset", form=form, pcs=3)
    )
    seed, c_NK = setup.context.seed, setup.context.pcs_NK[:, :3].astype(np.float64)
    train, y_N = setup.data.rows("train"), setup.context.y_N.astype(np.float64)
    offset_N = rows(setup, "offset")
    seen: list[int] = []
    for others, own in offset.divided(y_N[train], 5, kind, seed):
        assert not set(others) & set(own)
        fitted = offset.estimator(form, kind, seed).fit(c_NK[train[others]], y_N[train[others]])
        np.testing.assert_allclose(
            offset_N[train[own]], offset.predicted(fitted, c_NK[train[own]]), atol=1e-5
        )
        seen += own.tolist()
    assert sorted(seen) == list(range(len(train)))
    fitted = offset.estimator(form, kind, seed).fit(c_NK[train], y_N[train])
    test = setup.data.rows("test")
    np.testing.assert_allclose(offset_N[test], offset.predicted(fitted, c_NK[test]), atol=1e-5)


def test_another_label_changes_the_offsets_of_the_other_folds_alone(quantitative: dict[str, Any]) -> None:
    setup = prepared(quantitative, spec("adjustment", "offset", pcs=3))
    train, changed_N = setup.data.rows("train"), setup.context.y_N.copy()
    changed_N[train[0]] += 5
    same = rows(setup, "offset")[train] == rows(setup, "offset", y_N=changed_N)[train]
    assert same[0]
    assert same.sum() == pytest.approx(len(train) / 5, abs=1)


def test_an_offset_is_a_logit_and_is_added_to_f(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "offset", pcs=3))
    state = jax.tree.map(jnp.asarray, setup.adjustment.fit(setup.context))
    train, test, c_NK = setup.data.rows("train"), setup.data.rows("test"), setup.context.pcs_NK[:, :3]
    peer = LogisticRegression().fit(c_NK[train], setup.data.y_N[train])
    variables = setup.network.initial(jax.random.key(0), state)
    output = setup.network.evaluate(variables, jnp.asarray(test))
    expected = logit(peer.predict_proba(c_NK[test])[:, 1])
    np.testing.assert_allclose(output.score_B - output.f_B, expected, atol=1e-3)


@pytest.mark.parametrize("kind", ["binary", "quantitative"])
def test_the_offset_of_a_network_follows_what_is_not_linear(kind: str) -> None:
    """A trait that depends on the distance of PC 1 from 0 is found by the network and by no regression."""
    rng = np.random.default_rng(2)
    c_NK = rng.normal(size=(900, 4))
    liability_N = np.square(c_NK[:, 0]) - 1 + 0.5 * rng.normal(size=900)
    y_N = (liability_N > 0).astype(float) if kind == "binary" else liability_N
    correlation = {}
    for form in ("linear", "mlp"):
        fitted = offset.estimator(form, kind, 7).fit(c_NK[:600], y_N[:600])
        found = np.corrcoef(offset.predicted(fitted, c_NK[600:]), liability_N[600:])
        correlation[form] = found[0, 1]
    assert correlation["linear"] < 0.2
    assert correlation["mlp"] > 0.7


def apart(pcs_TK: np.ndarray, y_T: np.ndarray, weight_T: np.ndarray) -> float:
    """The largest difference of a PC's mean between cases and controls, in standard deviations."""
    means = [np.average(pcs_TK[y_T == label], axis=0, weights=weight_T[y_T == label]) for label in (0, 1)]
    return float(np.abs(means[1] - means[0]).max())


def test_propensity_weights_balance_the_pcs(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "reweight", pcs=3))
    train = setup.data.rows("train")
    pcs_TK, y_T = setup.context.pcs_NK[train, :3].astype(float), setup.data.y_N[train]
    weight_N = rows(setup, "weight")
    assert apart(pcs_TK, y_T, np.ones(len(train))) > 0.4
    assert apart(pcs_TK, y_T, weight_N[train]) < 0.1
    p_T = LogisticRegression().fit(pcs_TK, y_T).predict_proba(pcs_TK)[:, 1]
    own_T = np.where(y_T == 1, y_T.mean() / p_T, (1 - y_T.mean()) / (1 - p_T))
    kept = (own_T > np.percentile(own_T, 1)) & (own_T < np.percentile(own_T, 99))
    assert kept.sum() >= len(train) - 4
    ratio = weight_N[train][kept] / own_T[kept]
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=1e-3)
    assert weight_N[train].mean() == pytest.approx(1, abs=1e-5)


def test_propensity_weights_of_a_quantitative_trait_take_its_correlation_with_the_pcs_away() -> None:
    """With normal variables, densities are known: the correlation falls from .45 to about 0."""
    rng = np.random.default_rng(3)
    c_TK = rng.normal(size=(4000, 2))
    y_T = 0.5 * c_TK[:, 0] + rng.normal(size=4000)
    weight_T = reweight.propensity(c_TK, y_T, "quantitative")
    correlation = np.cov(c_TK[:, 0], y_T, aweights=weight_T)
    assert np.corrcoef(c_TK[:, 0], y_T)[0, 1] > 0.4
    assert abs(correlation[0, 1] / np.sqrt(correlation[0, 0] * correlation[1, 1])) < 0.1


def test_balanced_weights_give_every_class_of_every_population_the_same_total(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "reweight", form="balance"))
    train, weight_N = setup.data.rows("train"), rows(setup, "weight")
    cells = {
        (population, label): weight_N[
            train[(setup.data.population_N[train] == population) & (setup.data.y_N[train] == label)]
        ]
        for population in ("p1", "p2")
        for label in (0, 1)
    }
    assert len({len(cell) for cell in cells.values()}) > 1
    np.testing.assert_allclose([cell.sum() for cell in cells.values()], len(train) / 4, rtol=1e-5)


def test_matched_people_are_pairs_within_the_caliper(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "matched", pcs=3))
    train = setup.data.rows("train")
    pcs_TK, y_T = setup.context.pcs_NK[train, :3].astype(float), setup.data.y_N[train]
    logit_T = LogisticRegression().fit(pcs_TK, y_T).decision_function(pcs_TK)
    found = matched.pairs(pcs_TK, logit_T, y_T, 0.2, setup.context.seed)
    assert len(found) > 20
    assert len(np.unique(found)) == found.size  # nobody is taken twice
    np.testing.assert_array_equal(np.sort(y_T[found], axis=1), [[0, 1]] * len(found))
    sd = np.sqrt((logit_T[y_T == 0].var(ddof=1) + logit_T[y_T == 1].var(ddof=1)) / 2)
    assert 0.1 * sd < np.abs(np.diff(logit_T[found], axis=1)).max() <= 0.2 * sd
    weight_N = rows(setup, "weight")
    np.testing.assert_array_equal(np.flatnonzero(weight_N), np.sort(train[found.ravel()]))
    assert set(weight_N) == {0, 1}
    assert apart(pcs_TK, y_T, np.ones(len(train))) > 0.4
    assert apart(pcs_TK, y_T, weight_N[train]) < 0.25


def test_the_nearest_of_those_within_the_caliper_is_taken() -> None:
    """By the distance within classes, not by the logit, nor by that of both classes in one."""
    rng = np.random.default_rng(5)
    spread_TK = rng.normal(size=(400, 2))
    y_T = np.repeat([0, 1], 200)
    spread_TK[y_T == 1, 0] += 8
    pcs_TK = np.vstack([[4, 0], [3.4, 0], [4, 0.3], [4, 0.01], spread_TK])
    y_T = np.r_[1, 0, 0, 0, y_T]
    logit_T = np.r_[0, 0.01, 0.19, 0.5, np.where(y_T[4:] == 1, 6, -6) + rng.normal(size=400)]
    sd = np.sqrt((logit_T[y_T == 0].var(ddof=1) + logit_T[y_T == 1].var(ddof=1)) / 2)
    found = matched.pairs(pcs_TK, logit_T, y_T, 0.2 / sd, 0)
    assert (found == [0, 2]).all(axis=1).any()


@pytest.mark.parametrize("model", ["linear", "cnn-reference"])
def test_genotypes_are_standardised_by_the_frequencies_of_their_population(
    few: dict[str, Any], model: str
) -> None:
    """Whatever the model's encoding is; people of an unknown population are given those of everyone in training."""
    setup = prepared(few, spec("adjustment", "population-standardise"), model=model)
    strange, train = setup.data.rows("test")[0], setup.data.rows("train")
    population_N = setup.data.population_N.copy()
    population_N[strange] = "elsewhere"
    setup = replace(setup, context=replace(setup.context, population_N=population_N))
    found_NM = adjusted_inputs(setup)
    count_NM = plink.A1_COUNT[setup.data.genotypes.codes(everyone(setup))].astype(float)
    count_NM[count_NM < 0] = np.nan
    still = 0
    for population, people in (("p1", None), ("p2", None), ("elsewhere", train)):
        own = np.flatnonzero(population_N == population)
        p_M = np.nanmean(count_NM[np.intersect1d(own, train) if people is None else people], axis=0) / 2
        sd_M = np.sqrt(2 * p_M * (1 - p_M))
        expected_NM = np.where(sd_M > 0, (count_NM[own] - 2 * p_M) / np.where(sd_M > 0, sd_M, 1), 0)
        known = np.isfinite(count_NM[own])
        np.testing.assert_allclose(found_NM[own][known], expected_NM[known], atol=1e-3)
        still += int((sd_M == 0).sum())
        assert not found_NM[own][:, sd_M == 0].any()
    assert still > 0
    assert np.isfinite(found_NM).all()


def test_snps_that_do_not_vary_in_a_population_are_counted(
    few: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    setup = prepared(few, spec("adjustment", "population-standardise"))
    scale_LM = setup.adjustment.fit(setup.context).fitted["scale"]
    number = (scale_LM[:2] == 0).any(axis=0).sum()
    assert number > 0
    assert f"population-standardise: {number} SNPs do not vary in some population" in capsys.readouterr().out


def kept(setup: Setup, context: Context | None = None) -> np.ndarray:
    return np.asarray(setup.adjustment.fit(context or setup.context).fitted["keep"])


def test_the_snps_with_the_largest_fst_in_training_are_dropped(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "drop-aims", share=0.2))
    count_MT = plink.A1_COUNT[setup.data.genotypes.codes(setup.data.rows("train"))].T.astype(float)
    count_MT[count_MT < 0] = np.nan
    first_T = setup.data.population_N[setup.data.rows("train")] == "p1"
    (p1, n1), (p2, n2) = (
        (np.nanmean(part, axis=1) / 2, 2 * np.isfinite(part).sum(axis=1))
        for part in (count_MT[:, first_T], count_MT[:, ~first_T])
    )
    numerator = (p1 - p2) ** 2 - p1 * (1 - p1) / (n1 - 1) - p2 * (1 - p2) / (n2 - 1)
    fst_M = numerator / (p1 * (1 - p2) + p2 * (1 - p1))
    keep_M = kept(setup)
    assert (keep_M == 0).sum() == 32
    assert fst_M[keep_M == 0].min() >= fst_M[keep_M == 1].max()
    inputs_NM = adjusted_inputs(setup)
    assert not inputs_NM[:, keep_M == 0].any()
    np.testing.assert_array_equal(
        inputs_NM[:, keep_M == 1], setup.context.inputs(everyone(setup))[:, keep_M == 1]
    )


def test_without_labels_the_snps_that_pcs_predict_best_are_dropped(
    paths: dict[str, Any], tmp_path: Path
) -> None:
    own = spec("adjustment", "drop-aims", share=0.2, by="pcs", pcs=2)
    setup = prepared(unlabelled(paths, tmp_path), own)
    train = setup.data.rows("train")
    x_TM, c_TK = setup.context.inputs(train), setup.context.pcs_NK[train, :2]
    predicted_TM = LinearRegression().fit(c_TK, x_TM).predict(c_TK)
    r2_M = r2_score(x_TM, predicted_TM, multioutput="raw_values")
    keep_M = kept(setup)
    assert (keep_M == 0).sum() == 32
    assert r2_M[keep_M == 0].min() >= r2_M[keep_M == 1].max()


REFUSED = [
    (
        "population-standardise",
        {},
        "unlabelled",
        r"all training individuals are of 'all'; take by: pcs",
    ),
    ("drop-aims", {}, "unlabelled", r"drop-aims, by fst, .* take by: pcs"),
    ("reweight", {"form": "balance"}, "unlabelled", r"reweight, form balance, .* take form: propensity"),
    ("reweight", {"form": "balance"}, "quantitative", r"needs classes, .* take form: propensity"),
    ("matched", {}, "quantitative", r"matched needs cases and controls"),
    ("matched", {"caliper": 1e-9}, "binary", r"pairs within the caliper of 1e-09; take a wider"),
]


@pytest.mark.parametrize(("name", "options", "where", "reason"), REFUSED)
def test_what_cannot_be_done_is_a_status_with_its_reason(
    paths: dict[str, Any],
    quantitative: dict[str, Any],
    tmp_path: Path,
    name: str,
    options: dict[str, Any],
    where: str,
    reason: str,
) -> None:
    own = quantitative if where == "quantitative" else paths
    own = unlabelled(paths, tmp_path) if where == "unlabelled" else own
    out = outputs(tmp_path / "out")
    adjustments = [spec("adjustment", name, **options)]
    fit_one(own, out, model=spec("model", "linear", epochs=1), adjustments=adjustments, seeds=1, names=NAMES)
    record = files.read_json(out["fit"])
    assert record["status"] == "failed"
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(record["reason"])
    assert files.read_tsv(out["predictions"]).empty


def test_a_population_of_one_class_cannot_be_balanced(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "reweight", form="balance"))
    y_N = np.where(setup.data.population_N == "p2", np.float32(0), setup.context.y_N)
    with pytest.raises(ScientificFailure, match="'p2' has one class in training"):
        setup.adjustment.fit(replace(setup.context, y_N=y_N))


def test_folds_that_a_class_cannot_fill_are_refused(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "offset"))
    y_N = np.zeros(len(setup.context.y_N), dtype=np.float32)
    y_N[setup.data.rows("train")[:4]] = 1
    with pytest.raises(ScientificFailure, match="5 folds, and 4 training individuals"):
        setup.adjustment.fit(replace(setup.context, y_N=y_N))


@pytest.mark.parametrize("form", ["propensity", "balance"])
def test_weights_are_read_by_index(paths: dict[str, Any], form: str) -> None:
    setup = prepared(paths, spec("adjustment", "reweight", form=form))
    state = jax.tree.map(jnp.asarray, setup.adjustment.fit(setup.context))
    some = np.array([7, 3, 5])
    np.testing.assert_array_equal(
        setup.adjustment.weights(state, batch(some)), np.asarray(state.rows["weight"])[some]
    )


def test_withheld_snps_stay_withheld_when_the_rest_is_standardised(paths: dict[str, Any]) -> None:
    """Their inputs are 0 for everyone, so that they do not tell the population; the others are as without it."""
    alone = spec("adjustment", "population-standardise")
    both = prepared(paths, spec("adjustment", "drop-aims"), alone)
    keep_M = np.asarray(both.adjustment.fit(both.context).fitted["0"]["keep"])
    found_NM = adjusted_inputs(both)
    assert not found_NM[:, keep_M == 0].any()
    alone_NM = adjusted_inputs(prepared(paths, alone))
    np.testing.assert_allclose(found_NM[:, keep_M == 1], alone_NM[:, keep_M == 1], atol=1e-5)


def test_residuals_are_standardised_by_their_own_means(paths: dict[str, Any]) -> None:
    """Within each population their mean is 0 and their standard deviation 1, so that ancestry is not brought back."""
    parts = [spec("adjustment", "input-residual", pcs=3), spec("adjustment", "population-standardise")]
    setup = prepared(paths, *parts)
    train = setup.data.rows("train")
    found_TM = adjusted_inputs(setup)[train]
    called_TM = setup.data.genotypes.codes(train) != plink.MISSING
    for population in ("p1", "p2"):
        own_T = setup.data.population_N[train] == population
        own_BM = np.where(called_TM[own_T], found_TM[own_T], np.nan).astype(float)
        np.testing.assert_allclose(np.nanmean(own_BM, axis=0), 0, atol=1e-4)
        sd_M = np.nanstd(own_BM, axis=0)
        np.testing.assert_allclose(sd_M[sd_M > 0], 1, atol=1e-3)
        assert (sd_M > 0).sum() > 100


def test_the_unassigned_are_no_population(paths: dict[str, Any]) -> None:
    """They are standardised as an unseen population is, have no weight, and no part in FST."""
    setup = prepared(paths, spec("adjustment", "population-standardise"))
    train = setup.data.rows("train")
    some, population_N = train[:9], setup.data.population_N.copy()
    population_N[some] = "unassigned"
    state = setup.adjustment.fit(replace(setup.context, population_N=population_N))
    assert state.fitted["mean"].shape[0] == 3  # two populations, and everyone for the rest
    assert set(state.rows["population"][some]) == {2}
    balanced = prepared(paths, spec("adjustment", "reweight", form="balance"))
    weight_N = rows(balanced, "weight", population_N=population_N)
    np.testing.assert_array_equal(train[weight_N[train] == 0], some)
    dropping = prepared(paths, spec("adjustment", "drop-aims", share=0.2)).adjustment
    sets = dict(setup.context.sets) | {"train": train[9:]}
    states = [
        dropping.fit(replace(setup.context, population_N=population_N)),
        dropping.fit(replace(setup.context, sets=sets)),
    ]
    np.testing.assert_array_equal(states[0].fitted["keep"], states[1].fitted["keep"])


def test_snps_that_pcs_predict_are_found_block_by_block(
    paths: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = prepared(paths, spec("adjustment", "drop-aims", by="pcs")).context
    whole_M = drop_aims.by_pcs(context, 2)
    monkeypatch.setattr(drop_aims, "AT_ONCE", 7)
    sizes, lstsq = [], np.linalg.lstsq
    monkeypatch.setattr(np.linalg, "lstsq", lambda c, x, **k: (sizes.append(x.shape[1]), lstsq(c, x, **k))[1])
    np.testing.assert_allclose(drop_aims.by_pcs(context, 2), whole_M, rtol=1e-6, atol=1e-9)
    assert max(sizes) == 7


def test_by_pcs_that_are_populations_the_frequencies_are_theirs(paths: dict[str, Any]) -> None:
    """The regression on the one PC that tells two populations apart gives both frequencies, without a label."""
    setup = prepared(paths, spec("adjustment", "population-standardise", by="pcs", pcs=1))
    second_N = setup.data.population_N == "p2"
    context = replace(
        setup.context, pcs_NK=second_N[:, None].astype(np.float32), population_N=np.full(len(second_N), "all")
    )
    setup, train = replace(setup, context=context), setup.data.rows("train")
    found_NM, x_TM = adjusted_inputs(setup), context.inputs(train)
    one_M = (context.table_M4[:, 0] - context.table_M4[:, 3]) / 2
    zeros = 0
    for own_N in (second_N, ~second_N):
        mean_M = x_TM[own_N[train]].mean(axis=0)
        p_M = (mean_M - context.table_M4[:, 3]) / (2 * one_M)
        within_M = (p_M >= 0.01) & (p_M <= 0.99)
        sd_M = np.sqrt(2 * np.where(within_M, p_M, 0.5) * (1 - np.where(within_M, p_M, 0.5))) * one_M
        expected_NM = np.where(within_M, (context.inputs(np.flatnonzero(own_N)) - mean_M) / sd_M, 0)
        np.testing.assert_allclose(found_NM[own_N], expected_NM, atol=2e-3)
        zeros += int((~within_M).sum())
    assert np.isfinite(found_NM).all()


def test_the_frequencies_of_admixed_people_are_those_of_their_mixture(paths: dict[str, Any]) -> None:
    """p_ij = sum_k Q_ik p_kj where the PCs are the mixtures, for people who train and people who do not."""
    setup = prepared(paths, spec("adjustment", "population-standardise", by="pcs", pcs=1))
    rng, n = np.random.default_rng(7), len(setup.data.iid_N)
    q_N = rng.uniform(size=n).astype(np.float32)
    state = setup.adjustment.fit(replace(setup.context, pcs_NK=q_N[:, None]))
    b_2M, one_M = np.asarray(state.fitted["coefficients"], float), np.asarray(state.fitted["one"], float)
    ends_2M = (np.stack([b_2M[0], b_2M.sum(axis=0)]) - state.fitted["none"]) / (2 * one_M)
    p_NM, inside_NM = map(np.asarray, expected(state, jnp.arange(n)))
    mixed_NM = (1 - q_N)[:, None] * ends_2M[0] + q_N[:, None] * ends_2M[1]
    np.testing.assert_allclose(p_NM[inside_NM], mixed_NM[inside_NM], atol=1e-4)
    np.testing.assert_array_equal(inside_NM, (mixed_NM >= 0.01) & (mixed_NM <= 0.99))
    assert inside_NM.any()


def test_by_pcs_comes_first() -> None:
    with pytest.raises(UserError, match="reads the genotypes as they are"):
        build_adjustment(
            [spec("adjustment", "input-residual"), spec("adjustment", "population-standardise", by="pcs")]
        )
