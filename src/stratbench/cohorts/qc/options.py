"""Options of quality control, each with its JSON schema."""

OPTIONS = {
    "unplaced": {
        "enum": ["drop", "keep"],
        "default": "drop",
        "description": "SNPs on chromosome 0 or at a position below 1 (plink2 skips negative ones silently)",
    },
    "sex_chromosomes": {
        "enum": ["drop", "keep"],
        "default": "drop",
        "description": "SNPs of X, Y, XY and MT, whose genotypes differ by sex; kept ones serve no PC, GRM or KING",
    },
    "ambiguous": {
        "enum": ["drop", "keep"],
        "default": "keep",
        "description": "A/T and C/G SNPs, whose strand cannot be told: drop them where data of two sources meet",
    },
    "mind": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.1,
        "description": "individuals with a larger share of missing genotypes are removed",
    },
    "geno": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.05,
        "description": "SNPs with a larger share of missing genotypes are removed",
    },
    "heterozygosity": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "default": None,
        "description": "individuals whose F is so many standard deviations from their population's mean are removed",
    },
    "duplicates": {
        "type": ["number", "string", "null"],
        "pattern": "^auto$",
        "minimum": 0,
        "maximum": 0.5,
        "default": "auto",
        "description": "KING kinship above which the one called less goes; auto: 0.354 if outbred and at most 5000",
    },
    "relatives": {
        "type": ["number", "null"],
        "minimum": 0,
        "maximum": 0.5,
        "default": None,
        "description": "KING kinship above which one of two goes: 0.177, 0.0884, 0.0442 are first to third degree",
    },
    "individual_snps": {
        "type": ["integer", "null"],
        "minimum": 500,
        "default": 20000,
        "description": "SNPs, evenly spaced, that heterozygosity and KING are of; null: all",
    },
    "hwe": {
        "type": ["number", "string", "null"],
        "pattern": "^auto$",
        "minimum": 0,
        "maximum": 1,
        "default": "auto",
        "description": "SNPs with a smaller exact P value are removed; auto: 1e-6 if outbred; null: not tested",
    },
    "hwe_within": {
        "enum": ["population", "pooled"],
        "default": "population",
        "description": "the smallest P value of any population, or that of all as one, which structure lowers",
    },
    "maf": {
        "type": "number",
        "minimum": 0,
        "maximum": 0.5,
        "default": 0.01,
        "description": "SNPs with a smaller minor allele frequency are removed; constant ones always",
    },
    "thin": {
        "type": ["integer", "null"],
        "minimum": 1,
        "default": None,
        "description": "keep at most so many SNPs, evenly spaced in map order",
    },
    "structure_maf": {
        "type": "number",
        "minimum": 0,
        "maximum": 0.5,
        "default": 0.05,
        "description": "least MAF of the SNPs that PCs and GRM may use, which also ask for structure's maf in training",
    },
    "long_range_ld": {
        "anyOf": [
            {"enum": ["auto", "hg18", "hg19", "hg38", None]},
            {"type": "array", "items": {"type": "string", "pattern": "^[^:]+:[0-9]+-[0-9]+$"}},
        ],
        "default": "auto",
        "description": "kept out of PCs and GRM: a human build's regions or [6:25000000-35000000]; auto: the cohort's",
    },
    "ld_window": {
        "type": "integer",
        "minimum": 2,
        "default": 50,
        "description": "SNPs in a window of LD pruning",
    },
    "ld_step": {
        "type": "integer",
        "minimum": 1,
        "default": 5,
        "description": "SNPs that the window moves by",
    },
    "ld_r2": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": 0.2,
        "description": "of two SNPs in a window with a larger squared correlation one is pruned",
    },
    "populations": {
        "enum": ["declared", "labelled", "called", "clusters"],
        "default": "declared",
        "description": "declared: everyone has a label; labelled: who has none is left out; called: missing ones, from "
        "PCs; clusters: everyone's, of PCs",
    },
    "call_probability": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.9,
        "description": "people whose called population or cluster is less probable are 'unassigned'",
    },
}
