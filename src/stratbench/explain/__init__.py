"""What trained models point at (attribution) and what they still encode (probes)."""
