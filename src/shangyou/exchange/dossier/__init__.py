"""Case files (案卷) that several members keep together: signed entries, the same at each of them after every outage."""
