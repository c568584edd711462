"""Policies: an ODRL profile of ours, read, decided, compiled into scopes, compared, explained. See docs/policies.md."""
