"""Ways to split: one file each."""
