"""The river between the members: its network, what it carries down, and where a pulse may have come from. No I/O."""
