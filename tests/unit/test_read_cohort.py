"""A real study's .fam becomes samples.tsv as its cohort file says; bad files are refused by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from stations import raw_files
from stratbench.cohorts.real import cohort_file
from stratbench.cohorts.real.read_cohort import read_cohort
from stratbench.core import files
from stratbench.core.checksums import sha256
from stratbench.core.errors import UserError
from stratbench.genotypes import plink

ROOT = Path(__file__).resolve().parents[2]
FAM = """\
F1 i1 dad mum 1 1.5 NA 1 A
F1 i2 dad mum 2 NA -2 NA A
F2 i3 dad other 0 -9 0.25 0 B
0 i4 0 mum 1 3e-2 NA NA B
"""
COLUMNS = {"weight": 6, "weight_test": 7, "case": 8, "breed": 9}
ONE = {"weight": {"kind": "quantitative", "column": "weight"}}
TRAITS = {"weight": {"kind": "quantitative", "columns": ["weight", "weight_test"]}}


@pytest.fixture
def cohort(tmp_path: Path) -> Callable[..., Path]:
    """Write source files and a cohort file with further keys; return the latter."""
    source = tmp_path / "source"
    source.mkdir()
    with plink.write_bed(source / "s.bed", 4) as bed:
        bed.append(plink.A1_COUNT[[[0, 1, 2, 3], [3, 3, 2, 0]]])
    (source / "s.bim").write_text("1 a 0 5 A G\n2 b 0 7 C T\n")

    def write(fam: str = FAM, **keys: Any) -> Path:
        (source / "s.fam").write_text(fam)
        one = {"sha256": "0" * 64, "sources": [{"mirror": "m"}]}
        content = {
            "title": "t",
            "licence": "l",
            "citation": "c",
            "mating": "outbred",
            "files": {end: {"name": f"s.{end}", **one} for end in ("bed", "bim", "fam")},
            "columns": COLUMNS,
            "traits": TRAITS,
        }
        path = tmp_path / "cohort.yaml"
        path.write_text(yaml.safe_dump(content | keys, sort_keys=False))
        return path

    return write


def read(path: Path) -> Path:
    out = path.parent / "out"
    declared = cohort_file.read(path)
    paths = {
        key: entry.get("path") or path.parent / "source" / entry["name"]
        for key, entry in declared["files"].items()
    }
    read_cohort(paths, raw_files(out / "genotypes", out / "samples.tsv"), declared=declared)
    return out


def column(out: Path, name: str) -> list[Any]:
    return files.read_tsv(out / "samples.tsv", text=(name,))[name].tolist()


def test_genotypes_are_copied_and_the_fam_has_six_columns(cohort) -> None:
    out = read(cohort())
    source = out.parent / "source"
    for end in ("bed", "bim"):
        assert (out / f"genotypes.{end}").read_bytes() == (source / f"s.{end}").read_bytes()
    lines = (out / "genotypes.fam").read_text().splitlines()
    assert lines[1] == "F1\ti2\tdad\tmum\t2\t-9"
    assert {len(line.split()) for line in lines} == {6}


def test_a_fetched_file_that_has_changed_since_is_refused(cohort) -> None:
    path = cohort()
    declared, source = cohort_file.read(path), path.parent / "source"
    paths = {end: source / f"s.{end}" for end in ("bed", "bim", "fam")}
    given = {end: sha256(file) for end, file in paths.items()}
    read_cohort(
        paths,
        raw_files(path.parent / "out/g", path.parent / "out/samples.tsv"),
        declared=declared,
        digests=given,
    )
    paths["bim"].write_text(paths["bim"].read_text().replace("A G", "A C"))
    with pytest.raises(
        UserError, match=r"s\.bim: its SHA-256 is .* has changed since it was fetched; delete it and run"
    ):
        read_cohort(
            paths,
            raw_files(path.parent / "out/g", path.parent / "out/samples.tsv"),
            declared=declared,
            digests=given,
        )


def test_columns_keep_their_text_and_missing_is_blank(cohort) -> None:
    out = read(cohort())
    table = files.read_tsv(out / "samples.tsv")
    assert list(table.columns) == ["iid", "population", "family", "sex", *COLUMNS]
    assert column(out, "weight") == ["1.5", "", "", "3e-2"]
    assert column(out, "weight_test") == ["", "-2", "0.25", ""]
    assert column(out, "breed") == ["A", "A", "B", "B"]
    assert column(out, "population") == ["all"] * 4
    assert column(read(cohort(missing=["NA", "B"])), "breed") == ["A", "A", "", ""]


@pytest.mark.parametrize("missing", [["NA"], ["NA", "-9"]])
def test_minus_nine_is_missing_in_traits_and_covariates_whatever_the_file_says(
    cohort, missing: list[str]
) -> None:
    fam = FAM.replace("-2 NA A", "-9.0 -9 A").replace("NA NA B", "2 0 -9")
    path = cohort(
        fam, missing=missing, covariates={"breed": "categorical", "weight_test": "numeric"}, traits=ONE
    )
    out = read(path)
    assert column(out, "weight") == ["1.5", "", "", "3e-2"]
    assert column(out, "weight_test") == ["", "", "0.25", "2"]
    assert column(out, "breed") == ["A", "A", "B", ""]
    assert column(out, "case") == ["1", "" if "-9" in missing else "-9", "0", "0"]  # neither: as declared


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("none", ["i1", "i2", "i3", "i4"]),
        ("fid", ["F1", "F1", "F2", "i4"]),
        ("parents", ["dadxmum", "dadxmum", "dadxother", "i4"]),
    ],
)
def test_families(cohort, family: str, expected: list[str]) -> None:
    assert column(read(cohort(family=family)), "family") == expected


def test_parents_and_families_that_are_missing_are_nobodys(cohort) -> None:
    """NA is no parent whom people share, and a family's label is no iid of somebody without one."""
    fam = FAM.replace("i2 dad mum", "i2 NA NA").replace("i3 dad other", "i3 NA NA").replace("NA A", "i4 A")
    assert column(read(cohort(fam, family="parents")), "family") == ["dadxmum", "i2", "i3", "i4"]
    breeds = FAM.replace("NA A", "i4 A").replace("1 A\n", "1 i3\n").replace("0 B", "0 NA")
    families = column(read(cohort(breeds, family="breed")), "family")
    assert families[0] == "i3"
    assert families.count("i3") == 1
    two = "F a x xby 1 1 1 1 A\nF b xxb y 1 2 1 1 A\nF c 0 0 1 3 1 1 B\nF d x xby 1 4 1 1 B\n"
    families = column(read(cohort(two, family="parents")), "family")
    assert families[0] == families[3] != families[1]
    nobody = FAM.replace("F1", "NA").replace("F2", "0")
    assert column(read(cohort(nobody, family="fid")), "family") == ["i1", "i2", "i3", "i4"]
    assert column(read(cohort(nobody, population="fid")), "population") == [""] * 4


def test_populations(cohort) -> None:
    assert column(read(cohort(population="breed")), "population") == ["A", "A", "B", "B"]
    assert column(read(cohort(population="fid")), "population") == ["F1", "F1", "F2", ""]
    assert column(read(cohort(population="case")), "population").count("") == 2  # QC refuses or calls them


def tabled(cohort, text: str, **keys: Any) -> Path:
    """A cohort with one table beside its .fam."""
    cohort()  # makes the directory
    files_of = yaml.safe_load(cohort().read_text())["files"]
    table = cohort().parent / "more.txt"
    table.write_text(text)
    wanted = {
        "file": "more",
        "id": "IID",
        "columns": {"score": "Score", "region": "Region"},
        **keys.pop("table", {}),
    }
    return cohort(files={**files_of, "more": {"path": str(table)}}, tables=[wanted], **keys)


@pytest.mark.parametrize(
    "text",
    [
        "IID\tScore\tRegion\ni3\t7\tsouth west\nxx\t9\tnorth\n\ni1\tNA\teast\n",
        '\ufeffIID,Score,Region\r\ni3,7,"south west"\r\nxx,9,north\r\ni1,-9,east\r\n',
        "Score,#IID,Region\n7,i3,south west\n9,xx,north\n,i1,east".replace("#IID", "IID"),
    ],
    ids=["tabs", "commas, CRLF and BOM", "no newline at the end"],
)
def test_a_tables_columns_follow_the_fam(cohort, capsys, text: str) -> None:
    out = read(
        tabled(
            cohort,
            text,
            traits={"s": {"kind": "quantitative", "column": "score"}},
            missing=["NA", "-9"],
            unmatched=0.6,
        )
    )
    assert column(out, "score") == ["", "", "7", ""]
    assert column(out, "region") == ["east", "", "south west", ""]
    said = capsys.readouterr().out
    assert "1 of 3 ids are not in" in said
    assert "such as 'xx'" in said
    assert "no row for 2 of 4 individuals" in said
    assert ("1 of 4 values of 'score' are -9: missing" in said) == ("-9" in text)


def test_a_tables_columns_are_populations_families_and_traits(cohort) -> None:
    text = "#FID IID Score Region\nF1 i1 1 A\nF1 i2 2 B\nF2 i3 3 B\n0 i4 4 A\n"
    path = tabled(
        cohort,
        text,
        table={"id": ["FID", "IID"], "columns": {"score": "Score", "region": "Region"}},
        population="region",
        family="region",
        covariates={"sex": "categorical", "score": "numeric"},
        derived={"half": {"train": "score"}},
    )
    out = read(path)
    assert column(out, "population") == column(out, "family") == ["A", "B", "B", "A"]
    assert column(out, "half") == ["train"] * 4


@pytest.mark.parametrize(
    ("text", "keys", "message"),
    [
        ("IID\tScore\ni1\t1\n", {}, r"more\.txt: no column 'Region': .*Score"),
        (
            "IID\tScore\tRegion\ni1\t1\tA\ni1\t2\tB\n",
            {},
            r"more\.txt: line 3: individual 'i1' occurs a second",
        ),
        (
            "IID\tScore\tRegion\ny\t1\tA\nz\t2\tB\n",
            {},
            r"none of its 2 ids \(column IID: 'y', 'z'\) .*'i1', 'i2'",
        ),
        ("IID\tScore\tRegion\n", {}, r"none of its 0 ids"),
        ("IID\tScore\tRegion\ni1\t1\n", {}, r"more\.txt: line 2 has 2 columns, the header has 3"),
        ('IID,Score,Region\ni1,"1,A\n', {}, r"more\.txt: line 2.*quotation mark"),
        ("IID,Score,Score\ni1,1,A\n", {}, r"two columns are named 'Score'"),
        ("IID,,Score\ni1,1,A\n", {}, r"column 2 has no name"),
        ("", {}, r"more\.txt: empty"),
        (
            "IID Score Region\ni1 x A\n",
            {"traits": {"s": {"kind": "quantitative", "column": "score"}}, "unmatched": 1},
            r"more\.txt: 'score' of individual 'i1' is 'x', not a number",
        ),
        (
            "IID Score Region\ni1 1 A\n",
            {"covariates": {"region": "numeric"}, "unmatched": 1},
            r"more\.txt: 'region' of individual 'i1' is 'A', not a number",
        ),
        ("IID Score Region\ni1 1 A\n", {"covariates": {"raegion": "numeric"}}, r"did you mean 'region'"),
        (
            "IID Score Region\ni1 1 A\n",
            {"table": {"file": "mor"}},
            r"tables\[0\]\.file: .*did you mean 'more'",
        ),
        (
            "IID Score Region\ni1 1 A\n",
            {"table": {"columns": {"weight": "Score"}}},
            r"the column name 'weight' is taken",
        ),
        ("IID Score Region\ni1 1 A\n", {"table": {"id": ["a", "b", "c"]}}, r"two: \[fid, iid\]"),
    ],
)
def test_a_bad_table_is_refused(cohort, text: str, keys: dict[str, Any], message: str) -> None:
    path = tabled(cohort, text, **keys)
    with pytest.raises(UserError, match=message):
        read(path)
    assert not (path.parent / "out").exists()


def test_derived_columns_name_the_first_that_is_there(cohort) -> None:
    derived = {"half": {"train": "weight", "test": "weight_test"}, "seen": {"yes": "case"}}
    out = read(cohort(derived=derived))
    assert column(out, "half") == ["train", "test", "test", "train"]
    assert column(out, "seen") == ["yes", "", "yes", ""]


@pytest.mark.parametrize(
    ("fam", "keys", "message"),
    [
        (
            FAM.replace("i4", "i1"),
            {},
            r"s\.fam: line 4: the individual id \(column 2\) 'i1' occurs a second time",
        ),
        (FAM.replace("1.5", "heavy"), {}, "'weight' of individual 'i1' is 'heavy', not a number"),
        (FAM.replace("1.5", "inf"), {}, "'weight' of individual 'i1' is 'inf'"),
        (FAM, {"columns": {**COLUMNS, "more": 12}}, r"s\.fam: 9 columns, but 'more' is to be column 12"),
        (FAM.rpartition("0 i4")[0], {"missing": ["NA"]}, r"s\.fam: the \.bed|s\.bed"),
        ("a b\n", {}, r"s\.fam: 2 columns, at least 6 needed"),
    ],
)
def test_bad_files_are_refused_and_nothing_is_left(
    cohort, fam: str, keys: dict[str, Any], message: str
) -> None:
    path = cohort(fam, **keys)
    if "bed" in message:
        (path.parent / "source" / "s.bed").write_bytes(plink.MAGIC + b"\0")
    with pytest.raises(UserError, match=message):
        read(path)
    assert not (path.parent / "out").exists()


@pytest.mark.parametrize("about", [{}, {"build": "UMD3.1"}, {"build": "hg19"}, {"autosomes": 29}])
def test_chromosome_23_needs_the_species(cohort, about: dict[str, Any]) -> None:
    path = cohort(**about)
    bim = path.parent / "source/s.bim"
    bim.write_text(bim.read_text().replace("2 b", "23 b"))
    if about in ({"build": "hg19"}, {"autosomes": 29}):
        assert (read(path) / "genotypes.bim").exists()
        return
    with pytest.raises(
        UserError, match=r"s\.bim: has chromosome 23: .*autosomes \(how many the species has\)"
    ):
        read(path)
    assert not (path.parent / "out").exists()


def test_a_snp_with_one_allele_twice_is_kept_and_counted(cohort, capsys) -> None:
    path = cohort()
    bim = path.parent / "source/s.bim"
    for alleles, counted in (("C C", True), ("0 0", False), (". .", False), ("C T", False)):
        bim.write_text(f"1 a 0 5 A G\n2 b 0 7 {alleles}\n")
        assert len(plink.read_bim(read(path) / "genotypes.bim")) == 2
        said = "s.bim: 1 of 2 SNPs, such as 'b', have the same allele in columns 5 and 6; they are kept"
        assert (said in capsys.readouterr().out) == counted


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"titel": "x"}, "unknown key 'titel': did you mean 'title'"),
        ({"mating": "wild"}, "mating: unknown value 'wild'"),
        ({"traits": {"w": {"kind": "binary", "column": "wieght"}}}, "did you mean 'weight'"),
        ({"traits": {"w": {"kind": "binary"}}}, "traits.w: give either 'column' or 'columns'"),
        ({"derived": {"half": {"train": "wieght"}}}, "derived.half: no column 'wieght'"),
        ({"derived": {"weight": {"train": "case"}}}, "the column name 'weight' is taken"),
        ({"population": "bread"}, "did you mean 'breed'"),
        ({"covariates": {"weight": "numeric"}}, "covariates: 'weight' is the trait 'weight', .*leave it out"),
        ({"columns": {**COLUMNS, "family": 6}}, "the column name 'family' is taken"),
        ({"columns": {**COLUMNS, "early": 5}}, "columns.early"),
        ({"files": {}}, "files: give 'bed', 'bim' and 'fam', or 'frequencies' alone"),
    ],
)
def test_a_wrong_cohort_file_is_refused_at_its_place(cohort, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        cohort_file.read(cohort(**keys))
    assert str(error.value).startswith(str(cohort()))


def test_no_cohort_file_and_no_yaml(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such cohort file"):
        cohort_file.read(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(UserError, match="not YAML"):
        cohort_file.read(tmp_path / "bad.yaml")


@pytest.mark.parametrize("path", sorted((ROOT / "config/cohorts").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_cohort_files_that_ship_are_sound(path: Path) -> None:
    content = cohort_file.read(path)
    known = set(content["traits"])
    for entry in [*content["known_loci"], *content["published"]]:
        assert {entry["trait"]} <= known if isinstance(entry["trait"], str) else set(entry["trait"]) <= known
    if content["mating"] != "outbred":
        assert content["qc"].get("hwe") in (None, "auto")
