"""The console script: ``stratbench COMMAND``, or ``python -m stratbench COMMAND``."""

import argparse
import sys

import stratbench
from stratbench.commands import check, choose, export, join, train
from stratbench.core import threads
from stratbench.core.errors import UserError


def parser() -> argparse.ArgumentParser:
    """The command line. A command is a file of ``commands`` that adds its subparser and says what runs."""
    top = argparse.ArgumentParser(prog="stratbench", description=stratbench.__doc__)
    top.add_argument("--version", action="version", version=f"stratbench {stratbench.__version__}")
    commands = top.add_subparsers(dest="command", required=True)
    check.add(commands)
    choose.add(commands)
    export.add(commands)
    join.add(commands)
    train.add(commands)
    return top


def main() -> None:
    """Parse, run, and turn bad input into one line."""
    threads.fix(1)
    arguments = parser().parse_args()
    try:
        arguments.run(arguments)
    except (UserError, FileNotFoundError) as error:
        sys.exit(f"stratbench: {error}")


if __name__ == "__main__":
    main()
