"""The shipped scenarios, as documents of the same form as a study's assumptions.yaml."""
