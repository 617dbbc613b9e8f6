"""The options of a simulated trait, and which of them contradict each other.

Both are read by the config's checks, before any rule is built, and again where a trait is simulated. Nothing
heavy is imported here. docs/traits.md has the formulas.
"""

from collections.abc import Iterator, Mapping
from typing import Any

OPTIONS: dict[str, dict[str, Any]] = {
    "kind": {
        "enum": ["binary", "quantitative"],
        "default": "binary",
        "description": "case/control by a threshold of the liability, or the liability itself",
    },
    "h2": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.5,
        "description": "genetic share of the liability, differences between populations included",
    },
    "causal": {"type": "integer", "minimum": 0, "default": 20, "description": "number of causal SNPs"},
    "causal_maf": {
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": 0.5,
        "default": 0,
        "description": "causal SNPs are drawn from those at least this common among all individuals",
    },
    "effects": {
        "enum": ["normal", "equal"],
        "default": "normal",
        "description": "normal effects, or one magnitude with random signs; before alpha",
    },
    "alpha": {
        "type": "number",
        "minimum": -2,
        "maximum": 1,
        "default": -1,
        "description": "effects per allele are scaled by [2p(1-p)]^(alpha/2); -1 is equal variance per SNP",
    },
    "dominance": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0,
        "description": "share of the liability, out of h2, that deviations of heterozygotes have",
    },
    "dominance_snps": {
        "type": "integer",
        "minimum": 1,
        "default": 5,
        "description": "number of causal SNPs with dominance",
    },
    "epistasis": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0,
        "description": "share of the liability, out of h2, that interactions of pairs have",
    },
    "epistasis_pairs": {
        "type": "integer",
        "minimum": 1,
        "default": 2,
        "description": "number of pairs that interact",
    },
    "epistasis_form": {
        "enum": ["product", "xor", "both"],
        "default": "both",
        "description": "product of centred counts, exactly one of two carried, or the two in turn",
    },
    "epistasis_place": {
        "enum": ["across", "within"],
        "default": "across",
        "description": "the two SNPs of a pair lie on two chromosomes, or in one LD block",
    },
    "epistasis_maf": {
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": 0.5,
        "default": 0.25,
        "description": "SNPs of pairs are at least this common in every population",
    },
    "causal_shared": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 1,
        "description": "share of causal SNPs that act in everyone; each other one acts in one population",
    },
    "causal_populations": {
        "type": "array",
        "items": {"type": "string"},
        "uniqueItems": True,
        "default": [],
        "description": "populations that the other causal SNPs are dealt out to in turn; [] is all of them",
    },
    "between": {
        "enum": ["kept", "removed"],
        "default": "kept",
        "description": "genetic differences between the means of populations: kept, or removed",
    },
    "twin": {
        "type": ["string", "null"],
        "default": None,
        "description": "the seeds' name instead of the trait's label: traits of one name share all draws",
    },
    "environment": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0,
        "description": "share of the liability that the environment has",
    },
    "environment_shape": {
        "enum": ["populations", "smooth", "sharp"],
        "default": "populations",
        "description": "a value for each population, a gradient along columns of samples.tsv, one deme apart",
    },
    "population_effects": {
        "type": "object",
        "additionalProperties": {"type": "number"},
        "default": {},
        "description": "environment of each population before scaling; {} is 0, 1, 2, ... sorted by name",
    },
    "gradient": {
        "type": "array",
        "items": {"type": "string"},
        "uniqueItems": True,
        "default": [],
        "description": "smooth: numeric columns of samples.tsv; their z-scores are added",
    },
    "deme": {
        "type": ["string", "null"],
        "default": None,
        "description": "sharp: the population apart; null draws one",
    },
    "deme_sd": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "default": None,
        "description": "sharp, in place of environment: how far the deme is up, in SDs of all else",
    },
    "family_environment": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0,
        "description": "share of the liability that members of a family have in common besides genes",
    },
    "prevalence": {
        "type": ["number", "object"],
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "minProperties": 1,
        "additionalProperties": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "default": 0.5,
        "description": "share of cases (binary traits), or that of each population",
    },
    "untyped": {
        "type": "boolean",
        "default": False,
        "description": "draw causal SNPs from all SNPs after QC and hide them from the models",
    },
}

# The forms that the pairs have, one after the other.
FORMS = {"product": ("product",), "xor": ("xor",), "both": ("product", "xor")}

# The options that decide a trait's genetic values, which twins must share.
GENETIC = (
    "h2",
    "causal",
    "causal_maf",
    "effects",
    "alpha",
    "dominance",
    "dominance_snps",
    "epistasis",
    "epistasis_pairs",
    "epistasis_form",
    "epistasis_place",
    "epistasis_maf",
    "causal_shared",
    "causal_populations",
    "untyped",
)


def additive(options: Mapping[str, Any]) -> float:
    """The share of the liability that is left of h2 for additive effects."""
    share = float(options["h2"]) - options["dominance"] - options["epistasis"]
    return share if share > 1e-9 else 0.0


def causal_snps(options: Mapping[str, Any]) -> int:
    """How many causal SNPs there are in all parts."""
    of_pairs = 2 * options["epistasis_pairs"] if options["epistasis"] else 0
    of_dominance = options["dominance_snps"] if options["dominance"] else 0
    return int(options["causal"] if additive(options) else 0) + of_dominance + of_pairs


def problems(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The options that contradict the others, and what to change; nothing if all is well."""
    shares = {name: options[name] for name in ("h2", "environment", "family_environment") if options[name]}
    if sum(shares.values()) > 1 + 1e-9:
        total = sum(shares.values())
        last = next(name for name in ("environment", "family_environment", "h2") if name in shares)
        yield last, f"{' + '.join(shares)} is {total:g}; lower one: the shares cannot exceed 1"
    not_additive = {name: options[name] for name in ("dominance", "epistasis") if options[name]}
    if sum(not_additive.values()) > options["h2"] + 1e-9:
        total = sum(not_additive.values())
        message = (
            f"{' + '.join(not_additive)} is {total:g}, but h2 is {options['h2']:g}; they are parts of it"
        )
        yield list(not_additive)[-1], f"{message}: lower them or raise h2"
    if additive(options) > 0 and options["causal"] == 0:
        of = f", of which {additive(options):g} is additive" if not_additive else ""
        yield "causal", f"no causal SNPs, but h2 is {options['h2']:g}{of}; set causal >= 1 or h2: 0"
    if options["causal_populations"] and options["causal_shared"] == 1:
        yield "causal_populations", "all causal SNPs act everywhere; set causal_shared < 1 or leave this out"
    if options["kind"] == "quantitative" and options["prevalence"] != OPTIONS["prevalence"]["default"]:
        yield "prevalence", "a quantitative trait has no cases; leave this out or set kind: binary"
    yield from _shape(options)


def _shape(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Options that belong to another shape of the environment than the chosen one, and options that this one lacks."""
    shape = options["environment_shape"]
    of = {"population_effects": "populations", "gradient": "smooth", "deme": "sharp", "deme_sd": "sharp"}
    for name, its in of.items():
        if options[name] and shape != its:
            yield name, f"belongs to environment_shape: {its}, but that is '{shape}'; change one of them"
    if shape == "smooth" and not options["gradient"]:
        yield "gradient", "environment_shape: smooth needs columns of samples.tsv, e.g. gradient: [row]"
    if shape == "smooth" and options["environment"] == 0:
        yield "environment", "environment_shape: smooth needs a share; set environment > 0"
    if shape == "sharp" and (options["environment"] > 0) == (options["deme_sd"] is not None):
        yield "deme_sd", "environment_shape: sharp needs either environment > 0 (a share) or deme_sd (SDs)"


def by_population(options: Mapping[str, Any]) -> Iterator[tuple[str, list[str], bool]]:
    """The options that name populations: option, names, and whether every population needs a value."""
    if options["environment_shape"] == "populations" and options["population_effects"]:
        yield "population_effects", list(options["population_effects"]), True
    if isinstance(options["prevalence"], Mapping):
        yield "prevalence", list(options["prevalence"]), True
    if options["deme"]:
        yield "deme", [options["deme"]], False
    if options["causal_populations"]:
        yield "causal_populations", list(options["causal_populations"]), False


def needs_populations(options: Mapping[str, Any]) -> str | None:
    """The option that makes no sense in a cohort of one population; None if there is none."""
    if options["environment"] > 0 and options["environment_shape"] == "populations":
        return "environment > 0"
    if options["environment_shape"] == "sharp":
        return "environment_shape: sharp"
    if options["h2"] > 0 and options["causal_shared"] < 1:
        return "causal_shared < 1"
    if options["h2"] > 0 and options["between"] == "removed":
        return "between: removed"
    return None
