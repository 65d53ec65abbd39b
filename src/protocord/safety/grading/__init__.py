"""Grade laboratory results by CTCAE v5.0 and v6.0: tables as data, one result exactly, many results by columns, the same answer."""
