"""What a model is asked: samples, trait, split, structure and covariates, joined in one place."""
