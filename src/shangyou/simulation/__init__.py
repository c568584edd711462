"""A simulated river with known truth, for demonstrations and tests. Everything it makes is labelled simulated."""
