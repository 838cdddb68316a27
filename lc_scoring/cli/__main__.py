"""`python -m lc_scoring.cli`: the command line where its script is not on the path."""

from lc_scoring.cli.app import main

main()
