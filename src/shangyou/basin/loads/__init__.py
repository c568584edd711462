"""How much of a substance passed a section: loads from few concentrations and many flows."""
