"""How nodes talk to each other: one application under a few prefixes, made when the first request comes."""
