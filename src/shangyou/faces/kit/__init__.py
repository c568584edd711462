"""The node as the official conformance kit needs it: seeded, scripted, started by webhooks, trusting one counterpart.

Nothing of a production node imports this folder, and it has an entry of its own: python -m shangyou.faces.kit
"""
