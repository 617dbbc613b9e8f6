"""What corrections may use, fitted on the training individuals of a split: PCs, GRM, FST, covariates."""
