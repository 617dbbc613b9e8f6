"""The answer at the top of the page, sentence by sentence, from made-up tables: what intervals force, and no more."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_results import make
from made_results import (
    CORRECTIONS,
    NAN,
    STUDY,
    WITHIN,
    beyond,
    change,
    clear,
    corrected,
    fall,
    fit,
    genes,
    learned,
    made,
    of,
)  # fmt: skip
from stratbench.metrics.significance import FEW
from stratbench.report.analysis import findings as facts
from stratbench.report.analysis.changes import ENOUGH, FALLS, OPEN, UNCLEAR, sign
from stratbench.report.analysis.results import KEYS, Results
from stratbench.report.analysis.verdicts import ANCESTRY, LEARNED, NOT_SHOWN, NOTHING
from stratbench.report.page import Text
from stratbench.report.text.agreement import left_out
from stratbench.report.text.answer import FAILED, MOST_NUMBERS, NO_MODEL, NUMBER, answer
from stratbench.study.study import Study

MOST_WORDS, MOST_OF_MANY = 90, 120  # of a study like the default one, and of many models
AGAIN = "training on resampled people"
TWO = replace(STUDY, models=("linear", "mlp"), adjustments=("none", "pc-covariates"))
Kinds = dict[str, str]  # model -> verdict


def said(results: Results, most: int = MOST_WORDS) -> dict[str, str]:
    """The sentences by their first words."""
    blocks = [block for block in answer(results) if isinstance(block, Text)]
    text = " ".join(f"{block.strong} {block.text}" for block in blocks)
    assert len(text.split()) <= most, text
    assert len(NUMBER.findall(text)) <= MOST_NUMBERS, text
    return {block.strong.rstrip(":"): block.text for block in blocks}


def test_a_clear_study_has_four_clear_sentences() -> None:
    assert said(made(STUDY, clear())) == {
        "Controls": "Every model passed its controls. Six replicates.",
        "Learned": (
            "From genes and environment (confounded), every model learned biology and ancestry; from environment alone "
            "(shortcut: mlp .65, .60 to .70; guessing .50), ancestry only."
        ),
        "Corrected": (
            "Adding PCs or regressing out PCs removed ancestry from linear and mlp; regressing out PCs left it in cnn "
            "(.66, .60 to .71); the cost to biology is unknown."
        ),
        "SNPs": "Every correction reordered the SNPs more than training on resampled people or shuffled PCs.",
    }


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        ((-0.01, 0.01), "; biology stayed."),
        ((-0.2, 0.01), "; the cost to biology is unknown."),
        ((NAN, NAN), "; the cost to biology is unknown."),
        ((0.02, 0.06), "; every correction brought linear and mlp more biology."),
    ],
)
def test_the_cost_is_what_its_interval_says(cost: tuple[float, float], text: str) -> None:
    corrected_ = said(made(STUDY, clear(cost)))["Corrected"]
    assert corrected_.endswith(text.replace("every correction", "adding PCs or regressing out PCs"))


def test_a_cost_has_its_number_and_the_shortcut_gives_its_own_up() -> None:
    """Eight numbers at most: what corrections left and cost comes first."""
    found = said(made(STUDY, clear((-0.09, -0.03))))
    cost = "adding PCs or regressing out PCs cost linear and mlp biology (up to \N{MINUS SIGN}.06, "
    assert f"{cost}\N{MINUS SIGN}.09 to \N{MINUS SIGN}.03)." in found["Corrected"]
    assert "from environment alone (shortcut), ancestry only" in found["Learned"]
    assert "cnn (.66, .60 to .71)" in found["Corrected"]


@pytest.mark.parametrize("n", [2, 3, 5])
def test_few_replicates_claim_no_change(n: int) -> None:
    found = said(made(STUDY, clear((-0.09, -0.03), n)))
    assert found["Controls"].endswith("replicates are too few to claim a change.")
    assert found["Corrected"] == (
        "Regressing out PCs left ancestry in cnn (.66, .60 to .71); whether corrections removed "
        "it from linear and mlp is not shown; the cost to biology is unknown."
    )
    assert (
        found["SNPs"]
        == "Whether corrections reordered the SNPs more than training on resampled people is unknown."
    )


@pytest.mark.parametrize(("n", "expected"), [(1, FALLS), (2, UNCLEAR), (5, UNCLEAR), (6, FALLS)])
def test_a_difference_is_claimed_of_one_cohort_or_of_six_replicates(n: int, expected: str) -> None:
    row = {"mean": -0.1, "ci_low": -0.2, "ci_high": -0.05, "n_replicates": n}
    assert sign(row) == expected
    assert sign({**row, "ci_low": NAN, "ci_high": NAN}) == OPEN
    assert ENOUGH == FEW
    assert sign({**row, "p_holm": 0.049}) == FALLS
    assert sign({**row, "p_holm": 0.05}) == UNCLEAR
    assert sign({**row, "p_holm": NAN}) == UNCLEAR
    assert sign({**row, "ci_high": 0.0, "p_holm": 0.01}) == UNCLEAR


def test_a_model_that_failed_its_positive_control_is_named_first_and_left_out() -> None:
    for kind in (ANCESTRY, NOTHING, NOT_SHOWN):
        rows = [row for row in clear() if not (row["model"] == "cnn" and row["trait"] == "control")]
        found = said(made(STUDY, [*rows, *learned("control", {"cnn": kind})]))
        assert found["Controls"].startswith(
            "cnn failed its positive control and is left out. linear and mlp passed"
        )
        assert not any("cnn" in text for title, text in found.items() if title != "Controls")


def test_nothing_is_said_if_every_model_failed_its_positive_control() -> None:
    rows = [row for row in clear() if row["trait"] != "control"]
    failed = learned("control", dict.fromkeys(STUDY.models, NOTHING))
    found = said(made(STUDY, [*rows, *failed]))
    assert found == {
        "Controls": "linear, mlp and cnn failed their positive control and are left out.",
        "Learned": "Nothing is said of what was learned, because no model passed its positive control.",
    }


def test_what_is_learned_from_noise_is_an_alarm() -> None:
    rows = [row for row in clear() if not (row["model"] == "mlp" and row["trait"] == "null")]
    found = said(made(STUDY, [*rows, *learned("null", {"mlp": LEARNED})]))["Controls"]
    assert (
        found
        == "Every model passed the positive control. mlp learned something from pure noise. Six replicates."
    )


def test_a_null_with_a_wide_interval_is_no_proof_that_nothing_was_learned() -> None:
    rows = [row for row in clear() if row["trait"] != "null"]
    rows += learned("null", dict.fromkeys(STUDY.models, NOT_SHOWN))
    assert said(made(STUDY, rows))["Controls"] == "Every model passed the positive control. Six replicates."


def test_a_study_without_controls_says_so_and_a_control_without_interval_is_none() -> None:
    rows = [row for row in clear() if row["trait"] in ("confounded", "shortcut")]
    without = "No positive control says whether these models can learn. Six replicates."
    assert said(made(STUDY, rows))["Controls"] == without
    numbers = {"auroc_f": (0.6, 0.7), "auroc_stratified_f": (NAN, NAN)}
    silent = [row for model in STUDY.models for row in of("none", numbers, model=model, trait="control")]
    assert said(made(STUDY, [*rows, *silent]))["Controls"] == without
    only = [*rows, *learned("control", {"linear": LEARNED})]
    text = "linear passed the positive control. mlp and cnn had no positive control. Six replicates."
    assert said(made(STUDY, only))["Controls"] == text


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        ({"linear": LEARNED, "mlp": NOTHING}, "linear learned biology, mlp nothing."),
        ({"linear": NOT_SHOWN, "mlp": NOT_SHOWN}, "every model learned nothing that is shown."),
        ({"linear": ANCESTRY, "mlp": NOT_SHOWN}, "linear learned ancestry only, mlp nothing that is shown."),
        ({"mlp": LEARNED}, "mlp learned biology."),
    ],
)
def test_each_verdict_has_its_words(kinds: Kinds, text: str) -> None:
    example = replace(TWO, traits=("confounded",), models=tuple(kinds))
    found = said(made(example, learned("confounded", kinds)))
    assert found["Learned"] == f"From genes and environment (confounded), {text}"


def test_learning_within_populations_without_genes_is_more_than_ancestry() -> None:
    example = replace(TWO, traits=("shortcut",), models=("mlp",))
    found = said(made(example, learned("shortcut", {"mlp": LEARNED})))["Learned"]
    assert (
        found == "From environment alone (shortcut), mlp learned more than ancestry, although no gene acts."
    )


@pytest.mark.parametrize(
    ("floor", "over", "text"),
    [
        ((0.55, 0.8), (-0.05, 0.05), "what may be finer ancestry"),
        ((0.55, 0.8), (NAN, NAN), "what may be finer ancestry"),
        ((0.55, 0.8), (0.01, 0.05), "biology"),
        ((0.45, 0.8), (-0.05, 0.05), "biology"),
    ],
)
def test_coarse_labels_are_told_by_pcs_that_predict_within_them(
    floor: tuple[float, float], over: tuple[float, float], text: str
) -> None:
    """Unless the model is shown to be better there than PCs."""
    example = replace(TWO, traits=("confounded",), models=("mlp",))
    rows = of("", {"auroc_stratified": floor}, model="floor-pcs")
    rows += of("none", {"over_pcs": over}, model="mlp")
    found = said(made(example, [*learned("confounded", {"mlp": LEARNED}), *rows]))["Learned"]
    assert f"mlp learned {text}" in found


def real(results_rows: list[dict], several: bool = True, **of_example: Any) -> Results:
    """Results of one real cohort, mice, with these rows and those of its second trait, which is without any result."""
    example = replace(TWO, traits=(), models=("linear", "mlp"), real=True, **of_example)
    keys = {"scenario": "mice", "split": "halves", "trait": "cd8-case", "n_replicates": 1}
    population = {"model": "mlp", "adjustment": "none", "metric": "auroc", "population": "p1"}
    rows = [{**row, **keys} for row in [*results_rows, *([population] if several else [])]]
    return made(replace(example, traits=("null",)), rows, several=False)


def cohort(cost: tuple[float, float]) -> list[dict]:
    """Rows of two models that learn, and read the population better than chance, in one cohort."""
    rows = []
    for model in ("linear", "mlp"):
        for name, decoded in (("none", (0.6, 0.7)), ("pc-covariates", (0.45, 0.52))):
            rows += fit(name, LEARNED, model=model)
            rows += of(name, {"ancestry_logit": decoded, "ancestry_chance": (0.5, 0.5)}, model=model)
        rows += change("pc-covariates", "ancestry_logit", -0.2, -0.1, model=model)
        rows += change("pc-covariates", "auroc_stratified_f", *cost, model=model)
        rows += fall("pc-covariates", NAN, NAN, model=model)
    return rows


def test_one_cohort_gets_a_whole_answer() -> None:
    assert said(real(cohort((-0.09, -0.03)))) == {
        "Controls": (
            "No positive control says whether these models can learn. One cohort: intervals are over its test people."
        ),
        "Learned": "From cd8-case in mice, every model learned biology and ancestry.",
        "Corrected": (
            "Adding PCs removed ancestry from linear and mlp; adding PCs cost linear and mlp biology (up to "
            "\N{MINUS SIGN}.06, \N{MINUS SIGN}.09 to \N{MINUS SIGN}.03)."
        ),
        "SNPs": "Whether adding PCs reordered the SNPs more than training on resampled people is unknown.",
    }


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (6, "One cohort, six splits: intervals allow for their overlap."),
        (3, "Three splits are too few to claim a change."),
    ],
)
def test_splits_of_one_cohort_are_no_replicates(n: int, text: str) -> None:
    """In words, and where what ancestry adds has an interval, which Nadeau and Bengio's variance widens."""
    rows = [*cohort((-0.09, -0.03)), {"metric": "test_ratio", "mean": 0.5}]
    results = real(rows)
    results.comparisons["n_replicates"] = n
    results.study.config["splits"]["halves"]["repeats"] = n
    results.study = Study(results.study.config)
    group = next(group for group in results.groups if group.trait == "cd8-case")
    assert (group.unit, group.split, len(group.splits)) == ("split", "halves", n)
    base = dict.fromkeys(KEYS, "") | group.keys | {"model": "mlp", "adjustment": "none"}
    results.metrics = pd.DataFrame(
        {**base, "metric": name, "replicate": str(k), "value": value}
        for name, values in {"auroc_f": (0.8, 0.82, 0.78), "auroc_stratified_f": (0.7, 0.71, 0.72)}.items()
        for k, value in enumerate(values)
    )
    found = facts.gap(results, group, "mlp", "none")
    assert found is not None
    half = stats.t.ppf(0.975, 2) * np.std([0.1, 0.11, 0.06], ddof=1) * np.sqrt(1 / 3 + 0.5)
    assert found["ci_high"] - found["mean"] == pytest.approx(half)
    assert said(results)["Controls"].endswith(text)


def test_without_labels_nothing_is_called_biology_or_removed() -> None:
    found = said(real(cohort((-0.09, -0.03)), several=False))
    assert (
        found["Learned"] == "From cd8-case in mice, every model learned what may be ancestry or relatedness."
    )
    assert found["Corrected"].startswith(
        "Without several labelled populations nobody can say what corrections removed;"
    )
    assert "cost linear and mlp accuracy (up to" in found["Corrected"]


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ({"auroc_family_f": (0.51, 0.7)}, "biology"),
        ({"auroc_family_f": (0.5, 0.7)}, "what may be ancestry or relatedness"),
        ({"auroc_family_f": (NAN, NAN)}, "what may be ancestry or relatedness"),
        ({"auroc_family_f": (0.5, 0.7), "partial_f": (0.1, 0.2)}, "what may be ancestry or relatedness"),
        ({"partial_f": (0.01, 0.2)}, "biology"),
        ({"partial_f": (-0.01, 0.2)}, "what may be ancestry or relatedness"),
    ],
)
def test_in_one_population_biology_is_within_families_or_given_pcs(
    numbers: dict[str, tuple[float, float]], text: str
) -> None:
    rows = [*learned("cd8-case", {"mlp": LEARNED}), *of("none", numbers, model="mlp")]
    assert said(real(rows, several=False))["Learned"] == f"From cd8-case in mice, mlp learned {text}."


def test_in_one_population_the_cost_to_biology_is_within_families() -> None:
    """That over all people falls with relatedness; of cohorts without families it is no cost to biology."""
    rows = cohort((-0.09, -0.03))
    for model in ("linear", "mlp"):
        for name in ("none", "pc-covariates"):
            rows += of(name, {"auroc_family_f": (0.55, 0.6)}, model=model)
        rows += change("pc-covariates", "auroc_family_f", -0.01, 0.01, model=model)
    assert said(real(rows, several=False))["Corrected"].endswith("; biology stayed.")


def test_a_quantitative_trait_has_the_same_sentences() -> None:
    example = replace(TWO, traits=("confounded", "shortcut"), quantitative=True, models=("mlp",))
    names = {"auroc": "pearson", "auroc_f": "pearson_f", "auroc_stratified": "pearson_stratified"}
    names |= {"auroc_stratified_f": "pearson_stratified_f"}
    names |= {f"diff_{old}": f"diff_{new}" for old, new in names.items()}
    rows = [*learned("confounded", {"mlp": LEARNED}), *learned("shortcut", {"mlp": ANCESTRY})]
    rows += genes("pc-covariates", (0.41, 0.45), (0.2, 0.3), model="mlp")
    rows += corrected("pc-covariates", (0.55, 0.58), (-0.2, -0.1), model="mlp")
    rows = [{**row, "metric": names.get(row["metric"], row["metric"])} for row in rows]
    for row in rows:  # a correlation is 0 by chance, an AUROC .5
        if row["metric"].startswith("pearson"):
            row |= {end: row[end] - 0.5 for end in ("mean", "ci_low", "ci_high")}
    found = said(made(example, rows))
    assert "(shortcut: mlp .15, .10 to .20; guessing .00), ancestry only" in found["Learned"]
    assert (
        found["Corrected"]
        == "Adding PCs left ancestry in mlp (.06, .05 to .08); adding PCs brought mlp more biology."
    )


def test_without_corrections_or_an_uncorrected_model_that_is_said() -> None:
    rows = learned("confounded", {"mlp": LEARNED})
    example = replace(TWO, traits=("confounded",), models=("mlp",), adjustments=("none", "placebo"))
    assert said(made(example, rows))["Corrected"] == "No correction was tried."
    example = replace(example, adjustments=("pc-covariates",))
    found = said(made(example, [{**row, "adjustment": "pc-covariates"} for row in rows]))
    assert found["Learned"].endswith("mlp learned biology (all under pc-covariates).")
    assert found["Corrected"] == "There is no uncorrected model to compare with."


def test_without_networks_or_results_there_is_no_answer() -> None:
    assert [block.text for block in answer(made(replace(TWO, models=()), []))] == [NO_MODEL]
    failed = [{**row, "mean": NAN} for row in clear()]
    assert [block.text for block in answer(made(STUDY, failed))] == [FAILED]


@pytest.mark.parametrize(
    (
        "lost",
        "placebo",
        "text",
    ),  # what is lost, and how much more than under the placebo, replicate by replicate
    [
        (
            (0.2, 0.3),
            (0.01, 0.2),
            "Adding PCs reordered the SNPs more than training on resampled people or shuffled PCs.",
        ),
        (
            (0.2, 0.3),
            (-0.01, 0.2),
            "Adding PCs reordered the SNPs more than training on resampled people, but not clearly more than",
        ),
        ((0.2, 0.3), None, "Adding PCs reordered the SNPs more than training on resampled people."),
        ((-0.01, 0.01), None, "Adding PCs reordered the SNPs no more than training on resampled people."),
        ((-0.3, -0.2), None, "Adding PCs reordered the SNPs less than training on resampled people."),
        (
            (-0.1, 0.3),
            None,
            "Whether adding PCs reordered the SNPs more than training on resampled people is unknown.",
        ),
        (
            (NAN, NAN),
            None,
            "Whether adding PCs reordered the SNPs more than training on resampled people is unknown.",
        ),
        (
            None,
            None,
            "Whether adding PCs reordered the SNPs more than training on resampled people is unknown.",
        ),
    ],
)
def test_snps_are_said_to_move_as_their_intervals_say(
    lost: tuple[float, float] | None, placebo: tuple[float, float] | None, text: str
) -> None:
    example = replace(
        TWO, traits=("confounded",), models=("mlp",), adjustments=("none", "pc-covariates", "placebo")
    )
    rows = [
        *learned("confounded", {"mlp": LEARNED}),
        *genes("pc-covariates", (-0.1, 0.1), lost or (0, 0), model="mlp"),
    ]
    keys = {"model": "mlp", "trait": "confounded"}
    rows += beyond("pc-covariates", *placebo, **keys) if placebo else []
    rows = [row for row in rows if lost or "agreement" not in row["metric"]]
    assert said(made(example, rows))["SNPs"].startswith(text)


def test_snps_that_are_left_out_at_the_ends_of_the_input_are_told() -> None:
    rows = [
        {
            "metric": "agreement_left_out",
            "model": model,
            "adjustment": "none",
            "against": "none",
            "mean": 0.37,
        }
        for model in ("cnn", "mlp")
    ]
    text = left_out(made(TWO, rows))
    assert text.startswith(" The convolutions of cnn and mlp stop at the ends of the input")
    assert text.endswith("they are left out (37% of all SNPs).")
    assert left_out(made(TWO, [])) == ""


def test_snps_of_what_did_not_learn_say_nothing() -> None:
    example = replace(TWO, traits=("confounded",), models=("mlp",))
    moved = genes("pc-covariates", (-0.1, 0.1), (0.2, 0.3), model="mlp")
    nothing = (
        "Nothing is said of them: no model is shown to have learned biology with and without a correction."
    )
    for kind in (ANCESTRY, NOTHING, NOT_SHOWN):
        assert said(made(example, [*learned("confounded", {"mlp": kind}), *moved]))["SNPs"] == nothing
        under = fit("pc-covariates", kind, model="mlp", trait="confounded")
        rows = [*learned("confounded", {"mlp": LEARNED}), *under, *moved[4:]]
        assert said(made(example, rows))["SNPs"] == nothing
    ranked = replace(example, attributions=())
    assert (
        said(made(ranked, [*learned("confounded", {"mlp": LEARNED}), *moved]))["SNPs"]
        == "No model's SNPs were ranked."
    )


def test_models_that_differ_are_named_and_the_rest_is_unknown() -> None:
    rows = [row for row in clear() if not (row["model"] == "mlp" and "agreement" in row["metric"])]
    for name in CORRECTIONS:
        rows += fall(name, -0.1, 0.3, model="mlp", trait="confounded")
    text = f"For linear, every correction reordered the SNPs more than {AGAIN} or shuffled PCs; otherwise unknown."
    assert said(made(STUDY, rows))["SNPs"] == text


def test_of_several_models_that_kept_ancestry_the_one_with_most_has_its_number() -> None:
    rows = [row for row in clear() if not (row["model"] == "mlp" and row["adjustment"] == "input-residual")]
    rows += corrected("input-residual", (0.55, 0.6), (-0.1, -0.02), model="mlp")
    text = "regressing out PCs left it in mlp and cnn (.66, .60 to .71)"
    assert text in said(made(STUDY, rows))["Corrected"]


def test_more_corrections_than_a_sentence_holds_share_a_clause() -> None:
    """First what failed in one model alone, then in one clause all that left ancestry everywhere."""
    more = ("reweight", "mixed-model")
    example = replace(STUDY, adjustments=("none", *CORRECTIONS, *more, "placebo"))
    rows = clear()
    for name in more:
        rows += corrected(name, (0.6, 0.7), (-0.1, 0.1), model="linear")
        rows += corrected(name, (0.48, 0.6), (-0.2, -0.1), model="mlp")
        for model in ("linear", "mlp"):
            rows += genes(name, (-0.1, 0.1), (0.2, 0.3), model=model)
            clearly = (name, model) != ("mixed-model", "linear")
            rows += beyond(name, 0.1 if clearly else -0.1, 0.2, model=model, trait="confounded")
    found = said(made(example, rows))
    assert found["Corrected"] == (
        "Adding PCs or regressing out PCs removed ancestry from linear and mlp; regressing out PCs left it in cnn (.66"
        ", .60 to .71); weighting people or mixed models left some; the cost to biology is unknown."
    )
    text = f"ost corrections reordered the SNPs more than {AGAIN} or shuffled PCs."
    assert found["SNPs"] == f"M{text}"


def test_some_of_many_corrections_are_named() -> None:
    names = ("none", *CORRECTIONS, "feature-residual", "placebo")
    example = replace(TWO, traits=("shortcut",), models=("mlp",), adjustments=names)
    rows = learned("shortcut", {"mlp": ANCESTRY})
    for name in CORRECTIONS:
        rows += corrected(name, (0.48, 0.53), (-0.2, -0.1), model="mlp")
    left = corrected("feature-residual", (0.6, 0.7), (-0.1, 0.1), model="mlp")
    assert said(made(example, [*rows, *left]))["Corrected"].startswith(
        "Adding PCs or regressing out PCs removed ancestry from mlp; regressing PCs out of features left it in mlp (.65"
    )
    gone = corrected("feature-residual", (0.48, 0.53), (-0.2, -0.1), model="mlp")
    assert said(made(example, [*rows, *gone]))["Corrected"] == "Every correction removed ancestry from mlp."


@pytest.mark.parametrize(("ends", "much"), [((0.02, 0.2), "more"), ((-0.2, -0.02), "fewer")])
def test_a_clear_change_of_recovery_is_told(ends: tuple[float, float], much: str) -> None:
    by = {"model": "mlp", "trait": "confounded", "attribution": "gradient-input"}
    rows = [*clear(), *change("pc-covariates", "causal_auc_pr", *ends, **by)]
    assert said(made(STUDY, rows))["SNPs"].endswith(f"; with adding PCs mlp found {much} of the causal ones.")


def row(low: float, high: float) -> dict[str, float]:
    return {"mean": (low + high) / 2, "ci_low": low, "ci_high": high, "n_replicates": 6}


@pytest.mark.parametrize(
    ("before", "after", "diff", "expected"),
    [
        ((0.6, 0.7), (0.48, 0.549), (-0.2, -0.1), facts.REMOVED),
        ((0.6, 0.7), (0.48, 0.55), (-0.2, -0.1), facts.REDUCED),
        ((0.6, 0.7), (0.501, 0.52), (-0.2, -0.1), facts.KEPT),
        ((0.6, 0.7), (0.48, 0.52), (-0.2, 0.0), UNCLEAR),
        ((0.5, 0.7), (0.48, 0.52), (-0.2, -0.1), facts.NOTHING_THERE),
        ((0.5, 0.7), (0.51, 0.6), (-0.2, 0.1), facts.KEPT),
        ((NAN, NAN), (0.48, 0.52), (-0.2, -0.1), OPEN),
        ((0.6, 0.7), (NAN, NAN), (-0.2, -0.1), OPEN),
    ],
)
def test_ancestry_is_removed_only_where_it_was_there_fell_and_is_gone(
    before: tuple[float, float], after: tuple[float, float], diff: tuple[float, float], expected: str
) -> None:
    assert facts.removal(row(*before), row(*after), row(*diff), 0.5, 0.55) == expected
    if expected == facts.REMOVED:
        assert facts.removal(row(*before), row(*after), None, 0.5, 0.55) == UNCLEAR


def test_ancestry_in_the_output_that_falls_but_stays_above_chance_is_lowered() -> None:
    """Where no trait is without genes; on a pure shortcut what is left is told with its number."""
    rows = cohort((-0.01, 0.01))
    for one in rows:
        if one["metric"] == "ancestry_logit" and one["adjustment"] == "pc-covariates":
            one |= {"ci_low": 0.52, "ci_high": 0.58}
    text = "Adding PCs lowered, but did not clearly remove, ancestry in linear and mlp; biology stayed."
    assert said(real(rows))["Corrected"] == text


def test_what_ancestry_adds_is_a_paired_t_interval_over_replicates() -> None:
    results = made(replace(TWO, traits=("confounded",)), learned("confounded", {"mlp": LEARNED}))
    overall, within = [0.81, 0.79, 0.84, 0.80], [0.70, 0.74, 0.73, 0.71]
    base = dict.fromkeys(KEYS, "") | {"scenario": "split-fst05", "trait": "confounded", "split": "random"}
    base |= {"model": "mlp", "adjustment": "none"}
    scores = {"auroc_f": overall, "auroc_stratified_f": within}
    results.metrics = pd.DataFrame(
        {**base, "metric": name, "replicate": str(k), "seed": seed, "value": value + shift}
        for name, values in scores.items()
        for k, value in enumerate(values)
        for seed, shift in (("1", 0.01), ("2", -0.01))
    )
    (group,) = results.groups
    found = facts.gap(results, group, "mlp", "none")
    peer = stats.ttest_rel(overall, within).confidence_interval()
    assert found is not None
    assert (found["ci_low"], found["ci_high"], found["n_replicates"]) == pytest.approx(
        (peer.low, peer.high, 4)
    )
    assert facts.carries_ancestry(results, group, "mlp", "none")
    results.metrics["value"] += (results.metrics["metric"] == "auroc_stratified_f") * 0.08
    assert not facts.carries_ancestry(results, group, "mlp", "none")


@pytest.mark.parametrize("models", [("linear",), ("linear", "cnn", "a", "b", "c", "d")])
@pytest.mark.parametrize("replicates", [1, 3])
def test_an_answer_is_short_whatever_the_study(
    tmp_path: Path, models: tuple[str, ...], replicates: int
) -> None:
    example = replace(STUDY, models=models, real=True, snps=80, replicates=replicates)
    results = Results(Study(make(tmp_path, example)), tmp_path)
    assert set(said(results, MOST_OF_MANY)) == {"Controls", "Learned", "Corrected", "SNPs"}


def test_every_verdict_is_made_up() -> None:
    assert set(WITHIN) == {LEARNED, ANCESTRY, NOTHING, NOT_SHOWN}
