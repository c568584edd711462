"""Source tracing (溯源): which place, time and amount could have caused what stations saw.

problem = Problem((way_of(course, stations),), pulses, candidates, priors)
found = trace(problem)                                # ranked candidates, verdict, credible region, predictions
found.ranked[0].probability, found.verdict
outlook(problem, found.draws, spots, times, ...)      # which further sample would tell most

One backward run a station serves all candidates (backward.py); the amount is integrated out in closed form
(amount.py); velocity, dispersion, time and duration by adaptive importance sampling (search.py, sampling.py).
"""
