"""Assessment of water, lakes, air and ecology by the rules of law. Pure, no I/O."""
