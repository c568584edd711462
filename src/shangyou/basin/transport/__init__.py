"""What a river does to a substance released into it. For other parts:

    from shangyou.basin.transport.respond import respond
    respond(course, release, horizon, at, flow, fate, ...) -> Curves         one answer: curves, mass balance
    from shangyou.basin.transport.unsteady import respond_unsteady
    respond_unsteady(course, release, flows, ...) -> Curves                  the same with flows that change
    from shangyou.basin.transport.ensemble import ensemble
    ensemble(course, release, limit, members, seed, ...) -> ArrivalTable     arrivals with bands
    from shangyou.basin.transport.jobson import jobson                       a second answer, by regression
    from shangyou.basin.transport.calibrate import calibrate                 coefficients from tracer curves

These modules are light to import. Their kernels are compiled with numba, which is loaded when the first of these
functions is called and takes some 130 MB: a node calls them through adapters.computing, in a process of their own.
"""
