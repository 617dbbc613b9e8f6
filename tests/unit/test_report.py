"""Figures and the report, drawn from a made-up study (example_results)."""

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_results import ADJUSTMENTS, SHARES, Example, config, figure_outputs, make
from made_results import words
from stratbench.cohorts.simulated.simulate import all_options
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.genotypes import tables
from stratbench.genotypes.records import read_trait
from stratbench.methods import registry
from stratbench.methods.checked import checked
from stratbench.report import style
from stratbench.report.analysis import cohorts as structure
from stratbench.report.analysis import literature, numbers, top_snps
from stratbench.report.analysis.dial import change, courses
from stratbench.report.analysis.literature import KnownLocus, Ranking
from stratbench.report.analysis.results import Group, Results, groups
from stratbench.report.analysis.traits import kept, parts
from stratbench.report.figures import _pedigree, demography, dial, shares
from stratbench.report.figures._curves import places
from stratbench.report.figures.catalogue import figure_names, pictures
from stratbench.report.figures.run import figures
from stratbench.report.page import Heading, Listing, Table
from stratbench.report.report import inline, links, report
from stratbench.report.text import cohorts, questions, real, unavailable
from stratbench.report.text.answer import answer
from stratbench.report.text.catalogue import sections
from stratbench.study import config as configs
from stratbench.study.study import Study, read_dial

SMALL = Example(
    traits=("confounded",),
    adjustments=("none", "pc-covariates", "placebo"),
    attributions=("gradient-input",),
    snps=80,
)
DIALS = {
    "a dial": replace(SMALL, real=False, models=("linear",), dial=(("b", 0.01), ("a", 0), ("c", "families"))),
    "a crowded dial": replace(
        SMALL, models=("linear",), dial=(*((f"s{k}", 10.0**k) for k in range(-3, 1)), ("w", "words"))
    ),
    "a dial of words": replace(SMALL, real=False, models=("linear",), dial=(("a", "one"), ("b", "two"))),
    "a dial with one number": replace(SMALL, real=False, models=("cnn",), dial=(("a", "one"), ("b", 2))),
}
EDGES = {
    **DIALS,
    **{
        f"{name}, {edge}": replace(DIALS[name], **of)
        for name in ("a dial", "a dial of words")
        for edge, of in {
            "one population": {"populations": 1},
            "one replicate": {"replicates": 1},
            "no model": {"models": ()},
            "no attribution": {"attributions": ()},
            "failed fits": {"failed": tuple(("linear", adjustment) for adjustment in SMALL.adjustments)},
            "null and shortcut": {"traits": ("null", "shortcut")},
            "quantitative": {"quantitative": True},
        }.items()
    },
    "one population": replace(SMALL, populations=1, real=False),
    "many populations": replace(SMALL, populations=14, real=False, models=("linear",)),
    "one replicate": replace(SMALL, replicates=1, real=False),
    "failed fits": replace(SMALL, failed=(("cnn", "none"), ("linear", "placebo")), real=False),
    "every fit failed": replace(SMALL, models=("cnn",), failed=tuple(("cnn", a) for a in SMALL.adjustments)),
    "quantitative": replace(SMALL, quantitative=True, real=False),
    "no causal SNP": replace(SMALL, traits=("null", "shortcut"), real=False),
    "one adjustment": replace(SMALL, adjustments=("pc-covariates",), real=False),
    "no attribution": replace(SMALL, attributions=(), real=False),
    "no association": replace(SMALL, associations=(), real=False),
    "own adjustment": replace(SMALL, adjustments=("none", "mine", "mine+placebo"), real=False),
    "no model": replace(SMALL, models=()),
}


PARTS = (
    *("The answer", "The evidence", "Trait by trait", "What each correction changes"),
    *("Networks beside the mixed model", "Ancestry in the output"),
    *("Cohorts and traits", "Accuracy, with floors and ceilings", "The pure shortcut"),
    *("Controls", "SNPs along the genome", "Agreement of SNP rankings"),
    *("Recovery of causal SNPs", "Ancestry in the networks", "Real cohorts beside the literature"),
    *("Failures and gaps", "Run times", "Provenance", "Methods", "Glossary"),
)


class Tags(HTMLParser):
    """The tags of a page, and whether they close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, str]:
    """The base folder, config and page of a small study with a real cohort."""
    base = tmp_path_factory.mktemp("report")
    settings = make(base, replace(SMALL, traits=("confounded", "shortcut", "control")))
    figures({}, figure_outputs(base), config=settings, base=base)
    report({}, {"report": base / "results/example/report.html"}, config=settings, base=base)
    return base, settings, (base / "results/example/report.html").read_text()


def test_the_job_of_figures_writes_the_first_snps_of_the_associations_and_known_loci(made):
    base, settings, _ = made
    results = Results(Study(settings), base)
    for name, table in (("top_snps", top_snps.table(results)), ("known_loci", literature.table(results))):
        assert len(files.read_tsv(figure_outputs(base)[name])) == len(table) > 0


def test_known_loci_are_ranked_by_every_association_and_attribution(made: tuple[Path, dict, str]) -> None:
    base, settings, _ = made
    results = Results(Study(settings), base)
    table = literature.table(results)
    assert set(table["trait"]) == {"cd8", "cd8-case"}
    (group,) = (group for group in results.groups if group.trait == "cd8")
    here = table[table["trait"] == "cd8"]
    fits = [("mice", fit.model, fit.adjustment, "") for fit in results.study.fits_of(group.splits[0])]
    tests = [("mice", "", "", name) for name in group.associations]
    columns = ["cohort", "model", "adjustment", "association"]
    assert sorted(here[columns].fillna("").itertuples(index=False, name=None)) == sorted(fits + tests)
    test = results.association(group.splits[0], "ols").set_index("snp")
    variants = results.table(tables.VARIANTS, results.paths.variants, group.splits[0]).set_index("snp")
    there = variants.index[(variants["chrom"] == "3") & variants["pos"].between(6000, 9000)]
    (row,) = here[here["association"] == "ols"].to_dict("records")
    best = test.loc[there, "p"].idxmin()
    assert (row["snp"], row["rank"]) == (best, int((test["p"] < test["p"][best]).sum()) + 1)
    assert row["found"] == (row["rank"] <= 2)
    assert (row["snps"], row["among"], row["found_from"]) == (len(there), 80, 2)
    first = 1 - (80 - len(there)) * (79 - len(there)) / (80 * 79)  # one of the first two
    assert row["by_chance"] == pytest.approx(first)
    not_judged = here[here["verdict"].fillna("").str.contains("nothing|not shown")]
    assert len(not_judged) > 0
    assert (not_judged["found"] == "").all()


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The results of a study with a dial."""
    base = tmp_path_factory.mktemp("dial")
    return Results(Study(make(base, DIALS["a dial"])), base)


@pytest.mark.parametrize("name", EDGES)
def test_everything_draws(tmp_path: Path, name: str) -> None:
    settings = make(tmp_path, EDGES[name])
    results = Results(Study(settings), tmp_path)
    for picture in pictures(results.study):
        picture.module.draw(picture.module.load(results, picture.subject)).canvas.draw()
        assert picture.module.caption(results, picture.subject)
    assert answer(results)
    assert [section.title for section in sections(results)][-1] == "Glossary"


def test_names_follow_from_the_config_alone_without_matplotlib() -> None:
    code = (
        "import sys; from example_results import Example, config; from stratbench.study.study import Study;"
        "from stratbench.report.figures.catalogue import figure_names; names = figure_names(Study(config(Example())));"
        "assert 'matplotlib' not in sys.modules, 'matplotlib was imported'; print(' '.join(names))"
    )
    folder = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=True
    )
    names = done.stdout.split()
    assert names == figure_names(Study(config(Example())))
    assert len(names) == len(set(names))
    assert "headline" in names
    assert "accuracy_split-fst05_confounded_random" in names


def test_what_is_drawn_is_what_was_named(made: tuple[Path, dict, str]) -> None:
    base, settings, _ = made
    drawn = {path.name for path in (base / "results/example/figures").iterdir()}
    named = {f"{n}.{kind}" for n in figure_names(Study(settings)) for kind in ("svg", "pdf", "png")}
    assert drawn == named | {"top_snps.tsv", "known_loci.tsv"}


def test_same_results_same_bytes(made: tuple[Path, dict, str], tmp_path: Path) -> None:
    base, settings, page = made
    results = Results(Study(settings), base)
    one_of_each_kind = {picture.kind: picture for picture in pictures(results.study)}
    for picture in one_of_each_kind.values():
        style.save(
            picture.module.draw(picture.module.load(results, picture.subject)), tmp_path / picture.name
        )
    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (base / "results/example/figures" / path.name).read_bytes(), path.name
    report({}, {"report": tmp_path / "again.html"}, config=settings, base=base)
    assert (tmp_path / "again.html").read_text() == page


def test_svg_text_is_text(made: tuple[Path, dict, str]) -> None:
    base, _, _ = made
    svg = (base / "results/example/figures/headline.svg").read_text()
    assert ">SNP agreement lost</text>" in svg
    assert "<dc:date>" not in svg


def test_page_has_every_part_and_every_figure(made: tuple[Path, dict, str]) -> None:
    _, settings, page = made
    titles = re.findall(r"<h2>(.*?)</h2>", page)
    for part in PARTS:
        assert part in titles
    missing = {n for n in figure_names(Study(settings)) if f"figures/{n}.svg" not in page}
    # one population: a sentence instead
    assert missing == {"fst_mice", "ancestry_mice_cd8_halves", "ancestry_mice_cd8-case_halves"}
    places = [page.index(part) for part in ("The answer</h2>", "figures/headline.svg", "The evidence</h2>")]
    assert places == sorted(places)


def test_page_needs_nothing_but_itself(made: tuple[Path, dict, str]) -> None:
    tags = Tags(made[2]).found
    for tag, attributes in tags:
        assert tag not in ("script", "link", "iframe", "object", "embed")
        for name in ("src", "href", "xlink:href", "srcset", "data"):
            value = attributes.get(name) or ""
            outside = not value.startswith(("#", "data:")) and value != ""
            assert not outside or (tag == "a" and value.startswith("https://")), (tag, value)
    assert not re.search(r"url\((?!#)|@import", made[2])


def test_figures_of_labels_that_differ_by_a_sign_share_no_id(tmp_path: Path) -> None:
    drawn = '<svg width="72pt" height="9pt"><path id="a"/><use href="#a"/></svg>\n'
    (tmp_path / "f.svg").write_text(drawn)
    seen = [str(inline(tmp_path / "f.svg", f"pca_my{sign}cohort", "text")) for sign in "_-.+"]
    ids = [re.findall(r'(?:id="|href="#)([^"]+)"', page) for page in seen]
    assert all(first == second for first, second in ids)
    assert len({first for first, _ in ids}) == 4


def test_page_is_accessible(made: tuple[Path, dict, str]) -> None:
    page = made[2]
    tags = Tags(page).found
    assert dict(tags)["html"] == {"lang": "en"}
    assert all(a.get("aria-label") for tag, a in tags if tag == "svg")
    assert page.count("<table>") == page.count("<caption>") == page.count("<thead>")
    assert page.count("<figure>") == page.count("<figcaption>")
    ids = [a["id"] for _, a in tags if a.get("id")]
    assert len(ids) == len(set(ids))
    targets = {a["href"][1:] for tag, a in tags if tag == "a" and (a.get("href") or "").startswith("#")}
    assert targets <= set(ids)


def test_every_trait_has_its_sentences_and_no_conclusion_of_what_failed(made: tuple[Path, dict, str]) -> None:
    base, settings, page = made
    results = Results(Study(settings), base)
    section = questions.build(results)
    assert section is not None
    text = words(list(section.blocks))
    headings = [block.text for block in section.blocks if isinstance(block, Heading)]
    assert [text.split(" in ")[0] for text in headings] == [group.trait for group in results.groups]
    assert (
        "half of the liability's variance is genetic and a quarter is environment that differs" in headings[0]
    )
    assert "cnn failed the positive control: nothing is concluded." in text
    assert "Nothing is concluded from the SNPs of uncorrected cnn: it learned nothing." in text
    assert "Agreement of linear's SNP rankings that is lost: pc-covariates" in text
    assert "no failure by itself" in text
    assert "variance is genetic and a quarter is environment" in page


def test_numbers_of_a_trait_are_those_of_the_table(made: tuple[Path, dict, str]) -> None:
    base, settings, _ = made
    results = Results(Study(settings), base)
    group, section = results.groups[0], questions.build(results)
    assert section is not None
    rows = [
        results.value(group, name, model="linear", adjustment="none")
        for name in (group.overall_f, group.within_f)
    ]
    overall, within = (
        f"{numbers.plain(row['mean'])} ({numbers.plain(row['ci_low'])} to {numbers.plain(row['ci_high'])})"
        for row in rows
    )
    assert f"AUROC linear {overall} over all people, {within} within populations" in words(
        list(section.blocks)
    )


def test_without_intervals_nothing_is_claimed(tmp_path: Path) -> None:
    settings = make(tmp_path, replace(SMALL, replicates=1, real=False))
    table = files.read_tsv(tmp_path / "results/example/summary/comparisons.tsv")
    files.write_tsv(
        table.assign(ci_low=float("nan"), ci_high=float("nan")),
        tmp_path / "results/example/summary/comparisons.tsv",
    )
    results = Results(Study(settings), tmp_path)
    section = questions.build(results)
    assert section is not None
    assert "every model learned nothing that is shown." in words(answer(results))
    text = words(list(section.blocks))
    assert "it has no interval that would tell what it learned." in text
    for claim in (
        "lowered",
        "left ancestry",
        "cost linear",
        "reordered the SNPs more than training on resampled people.",
    ):
        assert claim not in text + words(answer(results))


def test_published_results_and_loci_stand_beside_ours(made: tuple[Path, dict, str]) -> None:
    page = made[2]
    part = " ".join(page[page.index("Real cohorts beside the literature</h2>") :].split())
    assert "A manual, halves" in part
    assert ".78" in part
    assert "MHC (chromosome 3:" in part
    assert "by chance" in part
    assert re.search(r"MHC is (not )?found by", part)


def test_a_locus_is_found_by_its_stated_rank_and_by_no_model_that_is_not_shown_to_have_learned() -> None:
    here = pd.Series(["b", "c"])
    score = pd.Series({"a": 9.0, "b": 8.0, "c": 1.0, "d": 8.5})
    locus = KnownLocus({"gene": "g", "chrom": 1}, here, 3)
    assert real._cell(Ranking("x", score, "learned"), locus) == "3, found"
    assert real._cell(Ranking("x", score, ""), replace(locus, rank=2)) == "3, not found"
    for said in ("learned nothing", "ancestry only", "not shown (wide interval)"):
        assert real._cell(Ranking("x", score, said), locus) == "3"
    assert real._cell(Ranking("x", score, ""), replace(locus, snps=pd.Series(["e"]))) == "n/a"
    described = real._described(locus, 4)
    assert "found if rank <= 3, by chance 1.00" in described  # 3 of 4 hold one of 2 for certain
    said = list(real._summary([Ranking("x", score, "learned nothing")], [locus]))
    assert said == [
        "g is not found by any of 0 rankings.",
        "Not shown to have learned, and so not judged: x.",
    ]


def test_inflation_is_held_against_what_was_expected(made: tuple[Path, dict, str]) -> None:
    results = Results(Study(made[1]), made[0])
    group = next(group for group in results.groups if group.real and group.trait == "cd8")
    table = real._inflation(results, group)
    assert table is not None
    ((name, reported, expected, here, said),) = table.rows  # not of ols-pcs, of which nothing is expected
    assert (name, reported, expected) == ("ols", "1.05: A manual", "1.00 to 1.10")
    assert said == ("as expected" if 1 <= float(here.split()[0]) <= 1.1 else "not as expected")


def test_a_missing_cohort_and_the_failure_of_each_source_are_told(tmp_path: Path) -> None:
    settings = make(tmp_path, replace(SMALL, replicates=1, real=False))
    assert unavailable.build(Results(Study(settings), tmp_path)) is None
    failures = [["p.tsv", "mirror x/p.tsv", "not there"], ["p.tsv", "http://y", "404"]]
    settings["unavailable"] = [{"label": "rice", "title": "The rice panel", "failures": failures}]
    section = unavailable.build(Results(Study(settings), tmp_path))
    assert section is not None
    assert section in sections(Results(Study(settings), tmp_path))
    table = section.blocks[-1]
    assert table.rows == failures
    assert "The rice panel" in table.caption


def test_a_mark_follows_the_cohort_wherever_it_is_named(made: tuple[Path, dict, str]) -> None:
    mice = made[1]["cohorts"]["mice"] | {"declared": {"marked": "semi-simulated"}}
    settings = made[1] | {"cohorts": made[1]["cohorts"] | {"mice": mice}}
    shown = repr(sections(Results(Study(settings), made[0])))
    named = re.findall(r"(?:in|of|cohort) mice\b.{0,17}", shown)
    assert len(named) > 5
    assert all(found.endswith("mice (semi-simulated)") for found in named)


def test_failures_are_reported_with_their_reason(tmp_path: Path) -> None:
    settings = make(tmp_path, replace(SMALL, failed=(("cnn", "placebo"),), real=False))
    found = {section.title: section for section in sections(Results(Study(settings), tmp_path))}
    rows = found["Failures and gaps"].blocks[0].rows
    assert len(rows) == SMALL.replicates
    assert all({"cnn", "placebo", "the loss is not a number"} <= set(row) for row in rows)


def test_labels_cannot_inject_markup() -> None:
    assert links("<script>x</script> & https://doi.org/10.1/x, y.") == (
        '&lt;script&gt;x&lt;/script&gt; &amp; <a href="https://doi.org/10.1/x">https://doi.org/10.1/x</a>, y.'
    )


def test_ids_of_inlined_figures_do_not_meet(tmp_path: Path) -> None:
    group = '<g id="a" clip-path="url(#b)"/><use xlink:href="#a"/>'
    svg = f'<?xml version="1.0"?><svg width="72pt" height="72pt">{group}</svg>\n'
    (tmp_path / "x.svg").write_text(svg)
    made = inline(tmp_path / "x.svg", "one_x", 'say "so"')
    assert 'id="one_x-a"' in made
    assert "url(#one_x-b)" in made
    assert 'xlink:href="#one_x-a"' in made
    assert "say &quot;so&quot;" in made
    assert 'id="one.x-a"' in inline(tmp_path / "x.svg", "one.x", "")


def test_colours_are_unique_stable_and_readable() -> None:
    names = [*ADJUSTMENTS, *(f"user-{k}" for k in range(40))]
    colours = style.adjustment_colours(names)
    assert len(set(colours.values())) == len(colours)
    assert colours["pc-covariates"] == style.adjustment_colours([])["pc-covariates"]
    assert style.adjustment_colours(reversed(names)) == colours
    for colour in colours.values():
        assert re.fullmatch("#[0-9a-f]{6}", colour)


def test_adjustments_that_ship_have_colours_of_their_own_and_nothing_else_has() -> None:
    assert sorted(style.KNOWN) == registry.names("adjustment")


def test_the_colour_of_a_user_s_adjustment_does_not_depend_on_the_others() -> None:
    alone = style.adjustment_colours(["mine"])["mine"]
    others = [name for name in ("a", "b", "c") if style.adjustment_colours([name])[name] != alone]
    assert len(others) > 1
    assert style.adjustment_colours(["none", *others, "mine"])["mine"] == alone


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.654, ".65"), (1.0, "1.00"), (-0.004, ".00"), (-0.2, "\N{MINUS SIGN}.20"), (float("nan"), "n/a")],
)
def test_numbers(value: float, text: str) -> None:
    assert numbers.plain(value) == text


def test_two_figures_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from stratbench.report.figures import runtime

    monkeypatch.setattr(runtime, "pictures", lambda study, groups: [("headline", "x")])
    with pytest.raises(UserError, match="two figures would be named 'headline'"):
        figure_names(Study(config(SMALL)))


def test_dial_orders_scales_and_separates() -> None:
    where = places(read_dial({"title": "F", "points": {"c": "x", "b": 0.01, "a": 0, "d": 0.1, "e": "y"}}))
    assert list(where.x) == ["a", "b", "d", "c", "e"]
    xs = list(where.x.values())
    assert xs == sorted(xs)
    assert where.scale.startswith("logarithmic")
    assert where.wall is not None
    assert where.x["d"] < where.wall < where.x["c"]
    assert list(where.labels.values()) == ["0", ".01", ".1", "x", "y"]
    even = places(read_dial({"title": "F", "points": {"a": 0, "b": 1, "c": 3}}))
    assert even.scale == ""
    assert list(even.x.values()) == pytest.approx([0, 2 / 3, 2])
    assert even.wall is None
    assert places(read_dial({"title": "F", "points": {"a": "x", "b": "y"}})).wall is None


def test_change_over_the_dial_is_welchs(turned: Results) -> None:
    low, high = courses(turned.study, turned.groups)[0].ends or ()
    keys = {"model": "linear", "adjustment": "none"}
    before, after = (turned.per_replicate(group, "auroc", **keys) for group in (low, high))
    assert (low.scenario, high.scenario, len(before), len(after)) == ("a", "b", 3, 3)
    peer = stats.ttest_ind(after, before, equal_var=False).confidence_interval(0.95)
    row = change(turned, low, high, "auroc", **keys)
    assert row is not None
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((peer.low, peer.high))
    assert row["mean"] == pytest.approx(after.mean() - before.mean())
    assert change(turned, low, high, "no such metric") is None


def test_the_dial_s_section_tells_how_a_metric_moves(tmp_path: Path) -> None:
    results = Results(Study(make(tmp_path, replace(DIALS["a dial"], replicates=6))), tmp_path)
    section = next(part for part in sections(results) if part.title == "Over the dial: Hudson FST")
    listings = [block for block in section.blocks if isinstance(block, Listing)]
    assert len(listings[1].items) == 3  # point by point
    text = words(listings[:1])
    assert "confounded, Hudson FST 0 to .01 (random split, n = 6 replicates each)." in text
    low, high = courses(results.study, results.groups)[0].ends or ()
    row = change(results, low, high, "auroc_f", model="linear", adjustment="none")
    numbers_of = ", ".join([numbers.signed(row["mean"]), numbers.interval(row, numbers.signed)])
    assert row["ci_high"] < 0  # the example's structure follows the order of its config
    assert f"Without correction, AUROC over all people falls for linear ({numbers_of})" in text


def test_the_answer_of_a_dial_is_about_its_strong_end(turned: Results) -> None:
    assert "At Hudson FST .01, from genes and environment (confounded), linear learned biology" in words(
        answer(turned)
    )


@pytest.mark.parametrize("name", ["a dial", "a dial, quantitative", "a dial, null and shortcut"])
def test_every_metric_is_a_curve_over_the_dial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whatever comparisons.tsv has of fits and tests is drawn, and no panel is without a number."""
    results = Results(Study(make(tmp_path, EDGES[name])), tmp_path)
    drawn, value = set(), Results.value

    def noted(self: Results, group: Group, metric: str, **keys: str) -> Any:
        found = value(self, group, metric, **keys)
        drawn.update({(group.trait, metric, keys.get("k", ""))} if found is not None else ())
        return found

    monkeypatch.setattr(Results, "value", noted)
    for picture in pictures(results.study):
        if picture.kind == "dial":
            data = picture.module.load(results, picture.subject)
            assert all(any(line.drawn for p in row[1] for line in p.lines) for row in data.rows)
    table = results.comparisons[results.comparisons["mean"].notna()]
    # differences stand in a table, and so does the agreement of networks whose labels were permuted
    in_tables = table["metric"].str.startswith(("diff_", "agreement_permuted_"))
    table = table[~in_tables & ~table["metric"].str.endswith("_chance")]
    there = set(table[["trait", "metric", "k"]].itertuples(index=False, name=None))
    assert {metric for _, metric, _ in there} > {"ancestry_nonlinear", "agreement_delta_jaccard"}
    assert not there - drawn


def test_shortcuts_given_the_truth_stand_with_ancestry(turned: Results) -> None:
    section = next(part for part in sections(turned) if part.title == "Ancestry in the networks")
    tables = [block for block in section.blocks if isinstance(block, Table)]
    (given,) = [table for table in tables if table.caption.startswith("Shortcuts, given the truth")][:1]
    assert given.head[2] == "partial R2 of PCs"
    assert given.head[3].startswith("share of high FST, ")
    (tests,) = [table for table in tables if table.caption.startswith("Association tests")][:1]
    assert [row[0] for row in tests.rows] == ["ols", "ols-pcs"]
    assert tests.rows[0][2].startswith(".5")


def test_pages_of_the_dial_name_what_has_numbers(tmp_path: Path) -> None:
    """Without causal SNPs no recovery, in one population no ancestry."""
    names = {}
    for name in ("a dial", "a dial, null and shortcut", "a dial, one population"):
        results = Results(Study(make(tmp_path / name, EDGES[name])), tmp_path / name)
        one, *_ = courses(results.study, results.groups)
        for page in ("prediction", "snps"):
            names[name, page] = [row for row, _ in dial.load(results, {**one.keys, "page": page}).rows]
    assert len(names["a dial", "prediction"]) == 9
    assert names["a dial", "snps"] == [
        "AUC_PR over that of a random ranking",
        "share of causal SNPs among the first 12",
        "share of causal SNPs among the first 50",
        "Jaccard index of the first 12 SNPs",
        "agreement within minus between, Spearman",
        "agreement within minus between, Jaccard of 12",
        "share of SNPs of high FST in attributions of matched SNPs",
    ]
    assert names["a dial, null and shortcut", "snps"] == names["a dial", "snps"][3:]
    assert names["a dial, one population", "prediction"] == names["a dial", "prediction"][:-2]


@pytest.mark.parametrize("name", ["a dial, one replicate", "a dial of words"])
def test_no_move_over_the_dial_without_an_interval(tmp_path: Path, name: str) -> None:
    section = sections(Results(Study(make(tmp_path, EDGES[name])), tmp_path))[0]
    text = words(list(section.blocks))
    assert section.title == "Over the dial: Hudson FST"
    assert " rises for " not in text
    assert " may or may not change for " not in text


def test_headline_of_a_dial_is_its_curves(turned: Results) -> None:
    kinds = {picture.name: picture.kind for picture in pictures(turned.study)}
    assert kinds["headline"] == "headline"
    (headline,) = [picture for picture in pictures(turned.study) if picture.name == "headline"]
    assert "over Hudson FST" in headline.module.caption(turned, headline.subject)
    pages = [name for name, kind in kinds.items() if kind == "dial"]
    assert pages == [
        "dial_confounded_random",
        "dial-prediction_confounded_random",
        "dial-snps_confounded_random",
        "dial-tests_confounded_random",
    ]
    drawn = [name for name, kind in kinds.items() if kind == "manhattan"]
    assert drawn == ["manhattan_b_confounded_random_linear"]


BOTTLENECK = """import msprime
OPTIONS = {}
CITATION = "mine"
def demography(options):
    model = msprime.Demography.island_model([1000, 1000], 0.001)
    model.add_instantaneous_bottleneck(10, population="pop_0", strength=5)
    return model
def samples(options):
    return {"pop_0": 5, "pop_1": 5}
"""
LATTICE, TREE = {"founders": "stepping-stone"}, {"populations": 10, "shape": "tree"}


def history(directory: Path, name: str, options: dict[str, Any]) -> tuple[Any, str]:
    """The drawn history of a scenario and its caption; "mine" is a file of the user's."""
    file = directory / "mine.py" if name == "mine" else None
    if file:
        file.write_text(BOTTLENECK)
    spec = {"demography": name, "file": file, "options": checked(all_options(name, file), options, name)}
    block = {key: [] for key in ("traits", "splits", "models", "adjustments", "attributions", "associations")}
    settings = {"study": "s", "seeds": 1, "gpu": 0, "cohorts": {"x": {"simulate": spec, "replicates": 1}}}
    results = Results(Study({**settings, "blocks": [{**block, "cohorts": ["x"]}]}))
    (subject,) = [subject for _, subject in demography.pictures(results.study, [])]
    figure = demography.draw(demography.load(results, subject))
    figure.canvas.draw()
    return figure, demography.caption(results, subject)


@pytest.mark.parametrize(
    ("name", "options", "words", "caption"),
    [
        *((name, {}, "", "The demography of x") for name in registry.names("demography")),
        (
            "american-admixture",
            {"proportions": [0.5, 0.5, 0]},
            ".50 .50",
            "grey: ancestors and populations not",
        ),
        ("american-admixture", {"proportions": [0, 1, 0]}, "ADMIX", "Widths of bands"),
        ("balding-nichols", {}, "no history to draw", "no history to draw"),
        (
            "mine",
            {},
            "cannot be drawn: Cannot convert InstantaneousBottleneck",
            "This history cannot be drawn",
        ),
        ("split", TREE, "p10\n10,000", "Lines join a population to its ancestors."),
        (
            "split",
            {"populations": 10},
            "10 populations, no migration\nfor 1,053 generations; before",
            "Each dot",
        ),
        ("island", {"populations": 10}, "10 populations, migration 4.75e", "lines join those that exchange"),
        ("family", LATTICE, "where founders come from\n36 populations, migration .05", "squares are male"),
    ],
)
def test_every_demography_can_be_drawn(
    tmp_path: Path, name: str, options: dict[str, Any], words: str, caption: str
) -> None:
    """What cannot is said in the picture, and the caption speaks of what is there."""
    figure, said = history(tmp_path, name, options)
    texts = [text.get_text() for axis in figure.axes for text in (*axis.texts, *axis.get_xticklabels())]
    assert words in " ".join([*texts, *(axis.get_title("left") for axis in figure.axes)])
    assert caption in said
    assert ("Widths of bands" in said) != ("Each dot" in said or "draw" in said)


def test_sizes_of_a_growing_population_follow_its_epoch() -> None:
    spec = {
        "demography": "out-of-africa",
        "file": None,
        "options": checked(all_options("out-of-africa"), {}, "x"),
    }
    method = registry.load("demography", "out-of-africa")
    model = method.demography(spec["options"])
    deme = next(deme for deme in model.to_demes().demes if deme.name == "CEU")
    for time in (0.0, 400.0, 848.0):
        growing = model["CEU"].initial_size * np.exp(-model["CEU"].growth_rate * time)
        assert demography._size(deme.epochs[-1], time) == pytest.approx(growing, rel=1e-6)


def test_neutral_spectrum_is_that_of_a_large_sample() -> None:
    n = 4000  # chromosomes: counts i have expectation 1/i
    i = np.arange(1, n)
    maf = np.minimum(i, n - i) / n
    kept = maf >= 0.1
    peer = np.histogram(maf[kept], structure.EDGES, weights=1 / i[kept])[0]
    assert structure.neutral(0.1) == pytest.approx(peer / peer.sum(), abs=2e-3)
    assert structure.neutral(0.1)[:3].sum() == 0


def test_shares_of_a_trait_sum_to_one() -> None:
    found = parts(SHARES)
    assert sum(found.values()) == pytest.approx(1)
    assert found["genetic, between populations"] == pytest.approx(0.05)
    assert found["covariance"] == pytest.approx(-0.02)


def test_shares_are_drawn_of_all_and_within_populations(made: tuple[Path, dict, str]) -> None:
    """Two bars for each trait; where people are ascertained, those of who is kept, and the caption says so."""
    base, settings, _ = made
    results = Results(Study(settings), base)
    assert "kept" not in shares.caption(results, "shares")
    data = shares.load(results, "shares")
    assert [trait for _, trait, *_ in data.rows] == ["confounded", "control"]
    for *_, whole, within in data.rows:
        assert whole["genetic, between populations"] == pytest.approx(0.05)
        assert within is not None
        assert within["genetic, within populations"] == pytest.approx(0.58)
        assert within["genetic, between populations"] == 0
    bars = {round(bar.get_y() + bar.get_height() / 2, 6) for bar in shares.draw(data).axes[0].patches}
    assert len(bars) == 4


def test_shares_of_an_ascertained_trait_are_those_of_who_is_kept(tmp_path: Path) -> None:
    example = replace(SMALL, real=False)
    settings = make(tmp_path, example)
    settings["traits"]["confounded"]["ascertain"] = {"case_share": 0.5}
    for path in (tmp_path / "results/example/datasets").rglob("trait.json"):
        said, less = files.read_json(path), {**SHARES, "genetic": 0.7, "genetic_within": 0.7}
        assert kept(read_trait(path)) == SHARES
        within = {**said["shares_within"], "genetic": 0.9}
        files.write_json({**said, "shares_kept": less, "shares_kept_within": within}, path)
    results = Results(Study(settings), tmp_path)
    ((_, _, whole, inside),) = shares.load(results, "shares").rows
    assert whole["genetic, within populations"] == pytest.approx(0.7)
    assert inside["genetic, within populations"] == pytest.approx(0.9)
    assert "Shares of confounded are those of the cases and controls kept" in shares.caption(
        results, "shares"
    )
    assert cohorts.build(results).blocks[-1].rows[0][-3] == numbers.plain(0.7)


def test_kinship_keeps_families_together_and_every_population() -> None:
    people = pd.DataFrame(
        {"population": ["b", "a", "b", "a", "c"] * 40, "family": [f"f{k % 7}" for k in range(200)]}
    )
    rows = structure.in_order(people, most=50)
    assert len(rows) <= 50
    ordered = people.iloc[rows]
    assert ordered["population"].tolist() == sorted(ordered["population"])
    assert set(ordered["population"]) == {"a", "b", "c"}
    for _, group in ordered.groupby("population"):
        families = group["family"].tolist()
        assert families == sorted(families)
    assert sorted(structure.in_order(people, most=200)) == list(range(200))


def test_pedigree_of_the_picture_is_one_family() -> None:
    options = checked(all_options("family"), {"families": 3}, "family")
    members = _pedigree.family(registry.load("demography", "family").pedigree(options))
    known = {member.iid for member in members}
    assert len(members) == 12
    assert all({member.father, member.mother} <= known | {"0"} for member in members)
    places = _pedigree._columns(members)
    for generation in (0, 1, 2):
        columns = [places[member.iid] for member in members if member.generation == generation]
        assert len(set(columns)) == len(columns)


def test_models_that_no_attribution_explains_have_no_pictures_of_snps() -> None:
    """In the default study two networks are trained on the positive control and not explained."""
    study = Study(configs.load(Path(__file__).parents[2] / "config" / "config.yaml"))
    names = {
        name for name in figure_names(study) if name.startswith("manhattan_split-fst05_positive-control")
    }
    assert names == {f"manhattan_split-fst05_positive-control_random_{model}" for model in ("linear", "mlp")}
    (group,) = (group for group in groups(study) if group.trait == "positive-control")
    assert set(group.models) - set(group.explained) == {"cnn-gated", "cnn-reference"}
