"""From live series to alarms: precision first, and each alarm says what else it might have been and why it is not."""
