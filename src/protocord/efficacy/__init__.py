"""Tumour response and what follows from it: RECIST 1.1 and iRECIST, best response, response rates, times to events."""
