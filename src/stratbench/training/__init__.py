"""One training loop: it knows the five places of an adjustment, and no adjustment by name."""
