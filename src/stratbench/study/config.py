"""A study's config: read, checked whole before any rule is built, and completed with every default.

``check`` returns the config that the rest of the package reads. Each method becomes a spec
``{"method": name, "file": path or None, "options": {...}}``; each block names only labels that have one.
Options are literals in the files that use them and are read without importing these files.
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from stratbench.cohorts.real import cohort_file
from stratbench.cohorts.real.mating import forbidden
from stratbench.core import yaml_file
from stratbench.core.errors import UserError
from stratbench.core.inputs import require_file
from stratbench.datasets import checks as trait_checks
from stratbench.methods import gradients, registry
from stratbench.methods.checked import problems_of
from stratbench.methods.options import source_files
from stratbench.methods.registry import nearest
from stratbench.methods.schema import (
    Place,
    controls,
    dotted,
    first,
    plain,
    problems,
    shipped,
    shortened,
    with_defaults,
)
from stratbench.splits import TRAIN_ON
from stratbench.study import distinct, own_cohort
from stratbench.study.batches import replicates

Config = dict[str, Any]
PACKAGE = Path(__file__).parents[1]
EMPTY: Mapping[str, Any] = {}
KINDS = {
    "splits": "split",
    "models": "model",
    "adjustments": "adjustment",
    "attributions": "attribution",
    "associations": "association",
}
OF_CASES = ("logistic",)  # associations that test cases against controls


def load(path: str | Path) -> Config:
    """Read and check a config file. Raises one UserError that lists everything wrong with it."""
    raw = yaml_file.read(path)
    try:
        return check(raw)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def check(raw: Mapping[str, Any]) -> Config:
    """The completed config. Raises one UserError that lists all problems, each at its key path."""
    if own_cohort.is_own(raw):
        raw = own_cohort.expand(plain(raw))
    checker = Checker(raw)
    config = checker.run()
    if checker.problems:
        listed = "\n".join(f"  {problem}" for problem in first(checker.problems))
        raise UserError(f"the study's config cannot be used:\n{listed}")
    return config


@cache
def module_options(file: str) -> Mapping[str, Any]:
    """The literal OPTIONS of a file of the package that is no method, e.g. ``cohorts/qc/options.py``."""
    path = PACKAGE / file
    return dict(registry.literal(ast.parse(path.read_text()), "OPTIONS", path))


def families_matter(trait: Mapping[str, Any]) -> bool:
    """Whether a trait needs families of two or more."""
    return bool("simulate" in trait and trait["simulate"]["family_environment"] > 0)


class Checker:
    """Checks one config and collects what is wrong with it, each problem at its place in the config."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = plain(raw)
        self.problems: list[str] = []
        self.broken: set[Place] = set()  # entries with errors, which later checks must not rely on

    def refuse(self, place: Place, message: str) -> None:
        self.problems.append(f"{dotted(place)}: {message}" if place else message)
        self.broken.add(place[:2])

    def run(self) -> Config:
        self.against(shipped("config"), self.raw, ())
        config = with_defaults(shipped("config"), self.raw)
        sections = ("cohorts", "traits", *KINDS)
        there = all(isinstance(config.get(name), dict) for name in sections)
        if not there or not isinstance(config.get("blocks"), list) or ("blocks",) in self.broken:
            return config  # further checks would have nothing to check
        self.resolve(config, "cohorts", self.cohort)
        cohorts = {
            label: spec for label, spec in config["cohorts"].items() if self.sound(config, ("cohorts", label))
        }
        self.refuse_all(("cohorts",), [*distinct.same_cohorts(cohorts), *distinct.same_folders(cohorts)])
        self.resolve(config, "traits", self.trait)
        traits = config["traits"].items()
        sound = {label: spec for label, spec in traits if ("traits", label) not in self.broken}
        self.refuse_all(("traits",), trait_checks.twins(sound))
        if ("structure",) not in self.broken:
            own = module_options("structure/run.py")
            config["structure"] = self.options(own, config["structure"], ("structure",))
        for section in KINDS:
            self.resolve(config, section, self.method)
        self.compared(config)
        for label in config["adjustments"]:
            if "+" in label:
                self.refuse(("adjustments", label), "a+b is composed of the labels a and b; define those")
        splits = {
            name: spec for name, spec in config["splits"].items() if ("splits", name) not in self.broken
        }
        self.refuse_all(("splits",), distinct.same_splits(splits))
        for k, block in enumerate(config["blocks"]):
            if ("blocks", k) not in self.broken:
                self.block(config, ("blocks", k), block)
        if "dial" in config and not {place[0] for place in self.broken} & {"blocks", "dial"}:
            self.dial(config, config["dial"]["points"])
        if "batch" in config and not {place[0] for place in self.broken} & {"blocks", "batch", "cohorts"}:
            self.batch(config, replicates(config["batch"]))
        unseen = [(place, said) for place, said in controls(self.raw) if place[:2] not in self.broken]
        self.refuse_all((), unseen)
        return config

    def resolve(self, config: Config, section: str, complete: Callable[[Place, Any], Any]) -> None:
        """Replace each sound entry of a section by its completed form."""
        for label, entry in config[section].items():
            if (section, label) not in self.broken:
                config[section][label] = complete((section, label), entry)

    def against(self, rules: Mapping[str, Any], value: Any, place: Place) -> None:
        """Check a value against a JSON schema."""
        for further, message in problems(rules, value):
            self.refuse((*place, *further), message)

    def options(self, schemas: Mapping[str, Any], given: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """The given options over the defaults. An option without a default must be given."""
        required = [name for name, option in schemas.items() if "default" not in option]
        rules = {"properties": schemas, "required": required, "additionalProperties": False}
        self.against(rules, given, place)
        return {name: given.get(name, option.get("default")) for name, option in schemas.items()}

    def method(self, place: Place, entry: Mapping[str, Any]) -> dict[str, Any]:
        """The spec of an entry that names a method or a file, with the method's options."""
        message = distinct.reserved(KINDS[place[0]], place[1], entry.get("method"))
        if message:
            self.refuse(place, message)
        kind = KINDS[place[0]]
        common = module_options("attributions/options.py") if kind == "attribution" else EMPTY
        if kind == "split":
            return self.split(place, entry)
        return self.spec(kind, place, entry, "method", common)

    def split(self, place: Place, entry: Mapping[str, Any]) -> dict[str, Any]:
        """The spec of a split, with ``repeats`` where it is drawn more than once."""
        repeats = entry.get("repeats", 1)
        once = {key: value for key, value in entry.items() if key != "repeats"}
        spec = self.spec("split", place, once, "method")
        if repeats == 1:
            return spec
        same = "test" not in spec["options"] or "draw" in spec["options"]
        if same and place not in self.broken:
            self.refuse((*place, "repeats"), "this split has the same test people each time; leave it out")
        return {**spec, "repeats": repeats}

    def spec(
        self, kind: str, place: Place, entry: Mapping[str, Any], key: str, common: Mapping[str, Any] = EMPTY
    ) -> dict[str, Any]:
        """The spec of an entry that names a method.

        Args:
            kind: of the method.
            place: of the entry in the config.
            entry: the method's name or file, and its options.
            key: where the entry has the method's name.
            common: schemas of options that all methods of the kind take, which the method's own replace.

        Returns:
            ``{key: name, "file": path or None, "options": {...}}``.
        """
        given = {name: value for name, value in entry.items() if name not in (key, "file")}
        file = entry.get("file")
        name = entry.get(key) or Path(file or "").stem
        try:
            schemas = registry.describe(kind, name, file).options
        except UserError as error:
            self.refuse((*place, "file" if file else key), str(error))
            schemas = given = {}
        return {key: name, "file": file, "options": self.options({**common, **schemas}, given, place)}

    def cohort(self, place: Place, entry: Config) -> Config:
        declared = self.cohort_file(place, entry["real"]) if "real" in entry else {}
        chosen = {**declared.get("qc", {}), **entry["qc"]}
        entry["qc"] = self.options(module_options("cohorts/qc/options.py"), chosen, (*place, "qc"))
        if "real" in entry:
            if "frequencies" in declared.get("files", {}):
                message = f"{entry['real']} holds frequencies and no genotypes; simulate with demography frequencies"
                self.refuse((*place, "real"), message)
            if place not in self.broken and declared:
                self.refuse_all(
                    (*place, "qc"), (((k,), v) for k, v in forbidden(entry["qc"], declared["mating"]))
                )
            return entry | {"declared": declared}
        simulate, inside = entry["simulate"], (*place, "simulate")
        if ("demography" in simulate) == ("file" in simulate):
            self.refuse(inside, "give either 'demography' (a name) or 'file' (a path of a method file)")
            return entry
        for key in ("demography", "file"):
            if not isinstance(simulate.get(key, ""), str):
                self.refuse((*inside, key), f"{shortened(simulate[key])} is not of type 'string'")
                return entry
        common = module_options("cohorts/simulated/simulate.py")
        spec = self.spec("demography", inside, simulate, "demography", common)
        if place not in self.broken:
            try:
                method = registry.load("demography", spec["demography"], spec["file"])
                found = problems_of(method, spec["options"])
            except UserError as error:  # errors of a user's file, which this call runs
                found = [("file", str(error))]
            self.refuse_all(inside, (((option,), message) for option, message in found))
        drawn = [str(path) for path in source_files(spec)] if place not in self.broken else []
        if drawn:
            entry["drawn_from"] = {"file": drawn[0], "declared": cohort_file.read(drawn[0])}
        return entry | {"simulate": spec}

    def trait(self, place: Place, entry: Config) -> Config:
        if "simulate" in entry:
            given, inside = entry["simulate"], (*place, "simulate")
            entry["simulate"] = self.options(module_options("datasets/options.py"), given, inside)
        if "ascertain" in entry:
            given, inside = entry["ascertain"], (*place, "ascertain")
            entry["ascertain"] = self.options(module_options("datasets/ascertain.py"), given, inside)
        if place not in self.broken:
            self.refuse_all(place, trait_checks.alone(entry))
        return entry

    def refuse_all(self, place: Place, problems: Iterable[trait_checks.Problem]) -> None:
        for further, message in problems:
            self.refuse((*place, *further), message)

    def cohort_file(self, place: Place, path: str | Config) -> Config:
        """What a cohort file declares; its options of QC are defaults of this study's."""
        try:
            declared = cohort_file.read(path)
            for entry in declared["files"].values():
                if "path" in entry:
                    require_file(entry["path"])
            return declared
        except UserError as error:
            for problem in str(error).split("\n"):
                self.refuse((*place, "real"), problem)
            return {}

    def block(self, config: Config, place: Place, block: Config) -> None:
        """Check that every label is defined or names a method, and that every trait and split fits every cohort."""
        for section in ("cohorts", "traits"):
            for label in block[section]:
                if label not in config[section]:
                    self.undefined((*place, section), label, sorted(config[section]))
        for section in KINDS:
            for label in block[section]:
                parts = label.split("+") if section == "adjustments" else [label]
                for part in parts:
                    self.define(config, section, (*place, section), part)
                if len(set(parts)) < len(parts):
                    self.refuse((*place, section), f"'{label}' names a part twice")
        for model in block["models"]:
            if self.sound(config, ("models", model)):
                self.made_elsewhere(config, place, block, model)
        for model, attribution in product(block["models"], block["attributions"]):
            if self.sound(config, ("models", model), ("attributions", attribution)):
                self.model_and_attribution(config, place, model, attribution)
        for cohort, trait in product(block["cohorts"], block["traits"]):
            if self.sound(config, ("cohorts", cohort), ("traits", trait)):
                self.cohort_and_trait(config, cohort, trait)
        self.traits_and_associations(config, place, block)
        for cohort, split in product(block["cohorts"], block["splits"]):
            if self.sound(config, ("cohorts", cohort), ("splits", split)):
                self.cohort_and_split(config, cohort, split)

    def traits_and_associations(self, config: Config, place: Place, block: Config) -> None:
        """Check that no test of cases and controls is asked for a quantitative trait.

        Its job runs all tests of a split, and would fail for all of them.

        Args:
            config: the config with its defaults.
            place: the block's.
            block: the block.
        """
        sound = [label for label in block["associations"] if self.sound(config, ("associations", label))]
        specs = {label: config["associations"][label] for label in sound}
        of_cases = [label for label, spec in specs.items() if not spec["file"] and spec["method"] in OF_CASES]
        for cohort, trait, label in product(block["cohorts"], block["traits"], of_cases):
            if not self.sound(config, ("cohorts", cohort), ("traits", trait)):
                continue
            declared = config["cohorts"][cohort].get("declared", {})
            if trait_checks.kind_of(config["traits"][trait], declared) == "quantitative":
                message = (
                    f"'{label}' tests cases and controls, and trait '{trait}' of '{cohort}' is quantitative; "
                    "take ols-pcs or lmm, or give them blocks of their own"
                )
                self.refuse((*place, "associations"), message)

    def define(self, config: Config, section: str, place: Place, label: str) -> None:
        """Define a label that the config leaves undefined as the method of that name with its defaults.

        Args:
            config: gets the definition.
            section: the config's section for that kind of method.
            place: where the label is used.
            label: the label.
        """
        if label in config[section]:
            return
        shipped = registry.names(KINDS[section])
        if label in shipped:
            config[section][label] = self.method((section, label), {"method": label})
        else:
            self.undefined(place, label, sorted({*config[section], *shipped}))

    def undefined(self, place: Place, label: str, known: list[str]) -> None:
        self.refuse(place, f"undefined label {label!r}: {nearest(label, known)}")

    def sound(self, config: Config, *places: Place) -> bool:
        return all(place[1] in config[place[0]] and place not in self.broken for place in places)

    def model_and_attribution(self, config: Config, place: Place, model: str, attribution: str) -> None:
        """Check that the model has a gradient if the attribution needs one. A refusal joins the other problems.

        Args:
            config: the config with its defaults.
            place: the place in the config that asks for both.
            model: the model's label.
            attribution: the attribution's label.
        """
        try:
            why = gradients.refused(config["models"][model], config["attributions"][attribution])
        except UserError as error:
            why = str(error)
        if why:
            self.refuse((*place, "attributions"), why)

    def made_elsewhere(self, config: Config, place: Place, block: Config, model: str) -> None:
        """Check that a block asks nothing of predictions made elsewhere that only training could give.

        Args:
            config: the config with its defaults.
            place: the block's.
            block: the block.
            model: the label of one of its models.
        """
        if self.network(config["models"][model], place):
            return
        if block["adjustments"] != ["none"]:
            self.refuse(
                (*place, "adjustments"),
                f"model '{model}' was made elsewhere, and nothing can be adjusted here; give it a block of its own, "
                "with 'none', and a label that says what was adjusted for",
            )
        if "resamples" in block:
            message = (
                f"model '{model}' was made elsewhere and cannot be trained again; give it a block of its own"
            )
            self.refuse((*place, "resamples"), message)

    def network(self, model: Config, place: Place) -> bool:
        """Whether a model is trained here; a constant that does not say so joins the other problems."""
        try:
            return gradients.is_network(model)
        except UserError as error:
            self.refuse((*place, "models"), str(error))
            return True

    def cohort_and_trait(self, config: Config, cohort: str, trait: str) -> None:
        """Check that the cohort file declares a measured trait, and that populations named by a trait exist."""
        spec, of, place = config["traits"][trait], config["cohorts"][cohort], ("traits", trait)
        if "measured" in spec:
            self.measured((*place, "measured"), spec["measured"], cohort, of.get("declared"))
        if "declared" in of:
            self.refuse_all(place, trait_checks.in_real(spec, cohort, of["declared"]))
        elif trait_checks.asks_of_demography(spec) or families_matter(spec):
            self.simulated(place, spec, cohort, of["simulate"])

    def measured(self, place: Place, name: str, cohort: str, declared: Config | None) -> None:
        """Check that a cohort declares a measured trait.

        Args:
            place: of the trait's name in the config.
            name: the trait's name in the cohort file.
            cohort: the cohort's label.
            declared: the content of the cohort file; None for a simulated cohort.
        """
        if declared is None:
            self.refuse(place, f"the simulated cohort '{cohort}' has no measured traits")
        elif name not in declared["traits"]:
            hint = nearest(name, sorted(declared["traits"]))
            self.refuse(place, f"'{cohort}' declares no trait '{name}': {hint}")

    def simulated(self, place: Place, spec: Config, cohort: str, simulate: Config) -> None:
        """Check that the cohort's demography has what a simulated trait asks for.

        Args:
            place: of the trait in the config.
            spec: the trait.
            cohort: the cohort's label.
            simulate: the spec of its demography.
        """
        from stratbench.cohorts.simulated.simulate import column_names

        try:
            method = registry.load("demography", simulate["demography"], simulate["file"])
            size, columns = method.samples(simulate["options"]), column_names(method, simulate["options"])
        except UserError as error:
            return self.refuse(("cohorts", cohort, "simulate"), str(error))
        if families_matter(spec) and "family" not in columns and not hasattr(method, "pedigree"):
            message = f"'{cohort}' has no families; set it to 0, or use demography family"
            self.refuse((*place, "simulate", "family_environment"), message)
        return self.refuse_all(place, trait_checks.in_simulated(spec, cohort, size, columns))

    def dial(self, config: Config, points: Mapping[str, float | str]) -> None:
        """Check that every point is a cohort that some block uses, and that no two points share a place."""
        used = sorted({label for block in config["blocks"] for label in block["cohorts"]})
        taken: dict[float | str, str] = {}
        for label, place in points.items():
            inside = ("dial", "points", label)
            if label not in config["cohorts"]:
                self.undefined(inside, label, used)
            elif label not in used:
                self.refuse(inside, f"no block uses the cohort '{label}': {nearest(label, used)}")
            elif place in taken:
                self.refuse(inside, f"stands at {place!r}, as '{taken[place]}' does; give it another place")
            taken.setdefault(place, label)

    def batch(self, config: Config, chosen: range | None) -> None:
        """Check that a batch holds replicates that some cohort of a block has."""
        used = {label for block in config["blocks"] for label in block["cohorts"]}
        most = max(config["cohorts"][label].get("replicates", 1) for label in used)
        if not chosen:
            self.refuse(("batch",), f"{config['batch']} begins after it ends; give the lower replicate first")
        elif chosen.stop - 1 > most:
            self.refuse(
                ("batch",), f"there is no replicate {chosen.stop - 1}: the last of any cohort is {most}"
            )

    def compared(self, config: Config) -> None:
        """Check that the splits that a split is compared with are defined, are others, and test the same people."""
        for label, spec in config["splits"].items():
            options = spec.get("options", {}) if ("splits", label) not in self.broken else {}
            for other in options.get("against", ()):
                place = ("splits", label, "against")
                if other not in config["splits"] or other == label:
                    self.undefined(place, other, sorted({*config["splits"]} - {label}))
                elif spec["method"] == TRAIN_ON and ("splits", other) not in self.broken:
                    self.same_test(place, spec, config["splits"][other], other)

    def same_test(self, place: Place, spec: Config, compared: Config, other: str) -> None:
        """Check that a split that another one is compared with tests the same people.

        Args:
            place: of the option ``against``.
            spec: the split whose option it is, complete.
            compared: the split that it names, complete.
            other: the label of the latter.
        """
        if compared["method"] != TRAIN_ON:
            message = f"its method is {compared['method']}, not {TRAIN_ON}; compare splits of {TRAIN_ON}"
            return self.refuse(place, f"'{other}' tests other people: {message}")
        own, their = spec["options"], compared["options"]
        for key in ("draw", "test"):
            if own[key] != their[key]:
                message = f"its {key} is {their[key]:g}, here it is {own[key]:g}; give both the same"
                return self.refuse(place, f"'{other}' tests other people: {message}")
        return None

    def cohort_and_split(self, config: Config, cohort: str, split: str) -> None:
        """Check that the cohort has the column that a split reads, and that somebody is left to train."""
        options = config["splits"][split]["options"]
        held = options.get("test", 0) + options.get("validation", 0)
        if (
            held >= 1 and config["splits"][split]["method"] != TRAIN_ON
        ):  # its validation is a share of who is left
            self.refuse(("splits", split), f"test + validation is {held:g}; nobody is left to train")
        repeated = config["splits"][split].get("repeats", 1) > 1
        if repeated and config["cohorts"][cohort].get("replicates", 1) > 1:
            message = (
                f"'{cohort}' has replicates, which show more than splitting one cohort again; leave it out"
            )
            self.refuse(("splits", split, "repeats"), message)
        if repeated and "dial" in config:
            self.refuse(
                ("dial",), f"its points need independent replicates, and '{split}' has repeats; leave one out"
            )
        column = options.get("column")
        declared = config["cohorts"][cohort].get("declared")
        known = sorted({"population", "family", "sex", *(cohort_file.columns(declared) if declared else ())})
        if column is not None and column not in known:
            message = f"samples of '{cohort}' have no column '{column}': {nearest(column, known)}"
            self.refuse(("splits", split, "column"), message)
