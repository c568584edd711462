"""How members deal with each other: trust, contracts, policies, transfers, metering, ledger, joint questions. Pure."""
