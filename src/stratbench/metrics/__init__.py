"""What a model predicted, which SNPs it pointed at and what it knows of ancestry, as tidy rows with errors."""
