"""Methods that score SNPs from a trained model: one file each (see `explain.attribution`)."""
