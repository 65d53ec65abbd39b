"""Numbers that tables, circuits and the machine share. Nothing is imported: compiled code is made anew only when these change."""

from __future__ import annotations

BLOCK = 65536  # persons of a block: a place in it is two bytes
WORDS = BLOCK // 64
BASE = 724642  # 1 January 1985, the middle of the scale of `last`
EARLIEST, LATEST = -32768, 32767  # of the scale of `last`; days from 1895 to 2074 are on it
NO_DAY = 2**31 - 1  # a birth that is not known: later than every day
NO_BAND = -(2**15)
FIRST_DAY, LAST_DAY = 675334, 785271  # ages are reckoned between 1 January 1850 and 31 December 2150
AND, OR, UNLESS = range(3)  # gates: x and y; x or y; x and not y
EARLIEST_BIRTH, LATEST_BIRTH = range(2)
SKIPPED = 3  # in a row of `said`: it does not count at all
BY_VALUE, TIMES_LIMIT, BY_AGE = range(3)
RESULTS, ANYTHING, AGES = range(3)  # what a group of leaves takes: numbers and empty results, or any fact
HAS, RECOVERED, IN_ORDER = range(3)
SECOND, BY_YES, ABOVE, ASKED, WHOLE = 1, 2, 4, 8, 16  # marks of an entry of `Grouped`
EVERYTHING = -1  # the concept of a history of everything
