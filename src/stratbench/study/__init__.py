"""A study: its config checked and completed, the lists of what it makes, and every path of its results."""
