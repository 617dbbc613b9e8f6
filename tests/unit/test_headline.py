"""The headline figure: which traits and models it shows, its title, its strip of controls, and what is drawn."""

from dataclasses import replace
from typing import Any

import pytest

from made_results import CORRECTIONS, NAN, STUDY, clear, corrected, fit, learned, made, of
from stratbench.report.analysis import headline as choice
from stratbench.report.analysis.findings import findings
from stratbench.report.analysis.results import Results
from stratbench.report.analysis.verdicts import ANCESTRY, LEARNED, NOTHING
from stratbench.report.figures import headline

FLOOR = of("", {"auroc": (0.72, 0.74)}, model="floor-population", trait="shortcut")


def loaded(results: Results) -> headline.HeadlineRows:
    data = headline.load(results, "headline")
    assert isinstance(data, headline.HeadlineRows)
    return data


def texts(results: Results) -> list[str]:
    """All texts of the drawn figure."""
    from matplotlib.text import Text

    figure = headline.draw(headline.load(results, "headline"))
    return [text for found in figure.findobj(Text) if (text := found.get_text())]


def test_panels_are_a_shortcut_a_confounded_trait_and_a_real_cohort_of_one_kind() -> None:
    """Controls have no panel; of the real cohort's traits that one is taken which shares the axis."""
    results = made(replace(STUDY, real=True), clear())
    for group in results.groups:
        assert group.kind == "binary"
    object.__setattr__(results.groups[4], "kind", "quantitative")  # cd8, as trait.json would say
    panels = choice.headline_panels(results)
    assert [group.trait for group in panels] == ["shortcut", "confounded", "cd8-case"]


def test_models_are_the_linear_one_the_chosen_network_and_one_that_kept_ancestry_which_that_did_not() -> None:
    results = made(STUDY, clear())
    found, groups = findings(results), choice.headline_panels(results)
    assert choice.headline_models(results, found, groups) == ["linear", "mlp", "cnn"]
    kept = corrected("input-residual", (0.55, 0.6), (-0.1, -0.02), model="mlp")  # as cnn does: no contrast
    rows = [row for row in clear() if not (row["model"] == "mlp" and row["adjustment"] == "input-residual")]
    results = made(STUDY, [*rows, *kept])
    assert choice.headline_models(results, findings(results), groups) == ["linear", "mlp"]
    removed = [
        {**row, **({"ci_low": 0.48, "ci_high": 0.52} if row["metric"] == "auroc_f" else {})}
        for row in clear()
        if row["model"] != "cnn" or row["adjustment"] == "none"
    ]
    results = made(STUDY, removed)
    assert choice.headline_models(results, findings(results), groups) == ["linear", "mlp"]
    failed = [row for row in clear() if not (row["model"] == "mlp" and row["trait"] == "control")]
    results = made(STUDY, [*failed, *learned("control", {"mlp": NOTHING})])
    assert choice.headline_models(results, findings(results), groups) == ["linear", "cnn"]


def test_rows_are_the_corrections_that_were_tried_below_each_model() -> None:
    found = [(line.model, line.adjustment) for line in loaded(made(STUDY, clear())).lines]
    rows = ["", "none", "pc-covariates", "input-residual", "placebo"]
    assert found == [(model, row) for model in STUDY.models for row in rows]
    heights = [line.y for line in loaded(made(STUDY, clear())).lines]
    assert heights == sorted(heights, reverse=True)


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (
            clear(),
            "pc-covariates and input-residual removed ancestry from linear and mlp; input-residual left it in cnn",
        ),
        (
            [row for row in clear() if row["model"] != "cnn"],
            "pc-covariates and input-residual removed ancestry from linear and mlp",
        ),
        (clear(n=3), "input-residual left ancestry in cnn"),
        (learned("confounded", {"mlp": LEARNED}), "mlp learned biology"),
        (learned("shortcut", {"mlp": ANCESTRY}), "mlp learned ancestry only"),
        (
            [*learned("control", {"mlp": NOTHING}), *learned("shortcut", {"mlp": ANCESTRY})],
            "No model passed its positive control: mlp failed it",
        ),
        ([], "What networks learned is not shown"),
    ],
)
def test_the_title_is_the_result(rows: list[dict], title: str) -> None:
    assert loaded(made(STUDY, rows)).title == title


def test_the_strip_has_each_control_s_number_and_outcome() -> None:
    rows = [row for row in clear() if not (row["model"] == "cnn" and row["trait"] in ("control", "null"))]
    rows += [*learned("control", {"cnn": NOTHING}), *learned("null", {"cnn": LEARNED})]
    found = tuple(line.replace("\N{NO-BREAK SPACE}", " ") for line in loaded(made(STUDY, rows)).controls)
    assert found == (
        "Positive control (strong genes alone):  linear .65 (.60 to .70), passed;  mlp .65 (.60 to .70), passed;  "
        "cnn .50 (.48 to .52), FAILED",
        "Null (noise alone):  linear .50 (.48 to .52), found nothing;  mlp .50 (.48 to .52), found nothing;  "
        "cnn .65 (.60 to .70), FOUND SOMETHING",
    )
    silent = of(
        "none", {"auroc_f": (0.6, 0.7), "auroc_stratified_f": (NAN, NAN)}, model="mlp", trait="control"
    )
    (found,) = loaded(made(STUDY, [*silent, *learned("shortcut", {"mlp": ANCESTRY})])).controls
    assert found.split()[-7:] == ["alone):", "mlp", ".60", "(no", "interval),", "not", "known"]


def test_marks_are_where_the_numbers_are() -> None:
    """Of the uncorrected mlp on the shortcut: open within, filled overall, a bar between them, and the floor's tick."""
    results = made(STUDY, [*clear(), *FLOOR])
    figure = headline.draw(headline.load(results, "headline"))
    axis = figure.axes[0]
    (y,) = [line.y for line in loaded(results).lines if (line.model, line.adjustment) == ("mlp", "none")]
    points = [
        line for line in axis.lines if len(line.get_xdata()) == 1 and abs(line.get_ydata()[0] - y) < 0.3
    ]
    found = {line.get_markerfacecolor() == "white": line.get_xdata()[0] for line in points}
    assert found == pytest.approx({True: 0.55, False: 0.65})
    bars = [bar for bar in axis.patches if abs(bar.get_y() + bar.get_height() / 2 - y) < 1e-9]
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [pytest.approx((0.55, 0.1))]
    assert any(list(line.get_xdata()) == [pytest.approx(0.73)] * 2 for line in axis.lines)
    assert "population label alone .73" in texts(results)
    assert {axis.get_xlim() for axis in figure.axes} == {figure.axes[0].get_xlim()}


def test_marks_are_named_beside_them_and_lost_agreement_stands_in_the_margin() -> None:
    narrow = texts(made(STUDY, clear()))
    assert "biology " in narrow
    assert "ancestry" not in narrow  # its bar has no room for the name
    first = {"model": "linear", "adjustment": "none", "trait": "shortcut", "metric": "auroc_f"}
    wide = [{**row, "mean": 0.8} if first.items() <= row.items() else row for row in clear()]
    found = texts(made(STUDY, wide))
    for label in ("biology ", "ancestry", " all people", "SNP agreement lost"):
        assert label in found
    assert found.count(".25 (.20 to .30)") == 2 * len(CORRECTIONS)
    assert found.count(".03 (.01 to .04)") == 2
    unlearned = [row for row in clear() if row["trait"] != "confounded"]
    unlearned += [
        row for model in ("linear", "mlp") for row in fit("none", NOTHING, model=model, trait="confounded")
    ]
    moved = [row for row in clear() if "agreement" in row["metric"]]
    assert "SNP agreement lost" not in texts(made(STUDY, [*unlearned, *moved]))


@pytest.mark.parametrize("families", [False, True])
def test_one_population_has_one_mark_but_for_families(families: bool) -> None:
    rows = [row for row in clear() if row["trait"] == "confounded"]
    family = of("none", {"auroc_family_f": (0.5, 0.6)}, model="mlp", trait="confounded", n_replicates=1)
    rows = [{**row, "n_replicates": 1} for row in [*rows, *(family if families else [])]]
    results = made(STUDY, rows, several=False)
    figure = headline.draw(headline.load(results, "headline"))
    points = [line for axis in figure.axes for line in axis.lines if len(line.get_xdata()) == 1]
    open_ = [line.get_xdata()[0] for line in points if line.get_markerfacecolor() == "white"]
    assert open_ == ([pytest.approx(0.55)] if families else [])
    assert len([bar for axis in figure.axes for bar in axis.patches]) == len(open_)
    assert ("genes and environment; open: within families" in texts(results)) == families
    assert ("genes and environment; one cohort" in texts(results)) != families


def test_nothing_to_show_is_said() -> None:
    only: Any = made(replace(STUDY, traits=("control",)), learned("control", {"mlp": LEARNED}))
    assert "No model was trained in this study on a trait that is no control." in texts(only)
