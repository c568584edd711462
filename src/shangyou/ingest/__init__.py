"""Bytes and rows to records: HJ 212, tables, national station pages. Pure, no I/O."""
