"""Models: the contract of a network, layers that several share, and one file for each architecture."""
