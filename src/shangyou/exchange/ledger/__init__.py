"""The transparency log: a Merkle tree of what a node did, checkpoints that others cosign, proofs that need nobody."""
