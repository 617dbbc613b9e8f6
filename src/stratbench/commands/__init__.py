"""The commands of the console script ``stratbench``: one file each, whose ``add`` adds it to the parser."""
