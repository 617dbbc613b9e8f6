"""What everything stands on: errors, files that are written whole, seeds from names, the job around a workflow step."""
