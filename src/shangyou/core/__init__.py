"""Words and values everyone shares; imports nothing of ours."""
