"""What corrections may use, fitted on the training individuals of a split."""

AXES = 20  # principal components that are asked for
