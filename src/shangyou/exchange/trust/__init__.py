"""The trust list of a federation: what it says, when a newer one counts, and what its age allows. Decides; no I/O."""
