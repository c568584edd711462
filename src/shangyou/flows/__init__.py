"""What the platform does: one verb a file, plain functions over ports."""
