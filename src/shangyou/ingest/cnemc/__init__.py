"""What the national portal of automatic surface-water stations publishes: section files, answers, saved pages."""
