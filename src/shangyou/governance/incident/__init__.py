"""The room of an incident that several members work on: grade, clocks, tasks, samples, measures, decisions, reports.

`fold.room(entries)` says what the members' entries amount to; `grading.propose`, `clocks.clocks` and `known.then` work
on what it gives. Nothing here reads a clock: now is an argument.
"""
