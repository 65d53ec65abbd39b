"""Cells in blood over time: the assay layer, non-compartmental analysis, models, sampling and effects, as pure functions on tables."""
