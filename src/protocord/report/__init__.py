"""Figures and tables drawn from results; nothing is computed here that a reader could not find in the results."""
