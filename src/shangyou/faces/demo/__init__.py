"""The demo: one node with a simulated river and its monitors, or with real files, and a summary that was seen to hold.

How it works: docs/demo.md.
"""
