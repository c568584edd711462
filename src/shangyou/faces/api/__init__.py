"""What a node answers and does for machines: one table of questions and deeds, over HTTP or within the process."""
