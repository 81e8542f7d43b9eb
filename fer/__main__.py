"""This file makes `python -m fer` the `fer` command."""

import sys

from fer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
