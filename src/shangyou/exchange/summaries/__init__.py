"""Summaries that several nodes make of their own rows and that add up to the summary of all rows, exactly."""
