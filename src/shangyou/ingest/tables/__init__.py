"""Tables (CSV, Excel) to records, by a declared column map that can be inferred, saved and used again."""
