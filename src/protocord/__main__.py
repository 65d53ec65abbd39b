"""`python -m protocord` is `protocord`."""

from protocord.cli import main

main(prog_name="protocord")
