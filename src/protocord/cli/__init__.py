"""The command line: the same questions and the same decisions as the pages, in a terminal.

Only the commands that need the database import Django, and only when they run.
"""

from protocord.cli.commands import main

__all__ = ["main"]
