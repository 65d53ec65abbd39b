"""Non-compartmental analysis of cells in blood, profile by profile, with a reason for every value that is missing."""
