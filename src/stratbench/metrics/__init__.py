"""What a model predicted, which SNPs it pointed at and what it knows of ancestry; tidy rows with errors."""
