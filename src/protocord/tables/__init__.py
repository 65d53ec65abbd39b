"""Plain tables in: what columns a table has, read whole or refused with every problem named by row and column."""

from protocord.tables.columns import Column, Kind, Table
from protocord.tables.fingerprints import fingerprint
from protocord.tables.reading import TableProblems, problem, read

__all__ = ["Column", "Kind", "Table", "TableProblems", "fingerprint", "problem", "read"]
