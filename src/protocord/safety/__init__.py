"""Safety: laboratory grading by CTCAE, adverse events, dose-limiting toxicity, reporting clocks."""
