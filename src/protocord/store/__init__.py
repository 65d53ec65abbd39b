"""The only code that touches the database.

`actions` is the one door for writes, `reads` answers every question in frozen values, `access` says who may do what.
Importing this package loads no Django; its modules do.
"""
