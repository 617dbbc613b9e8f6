"""Structure: what corrections may use, fitted on the training individuals of a split."""
