"""Documents that leave the house: reports of an incident, as values that are written as HTML or Word."""
