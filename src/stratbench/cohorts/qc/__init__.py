"""Quality control of one cohort; it never looks at a label."""
