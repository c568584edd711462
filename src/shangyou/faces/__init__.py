"""Where people and machines come in: command line, API, portal."""
