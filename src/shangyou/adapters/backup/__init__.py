"""A node in one file, and a home from such a file."""

from shangyou.adapters.backup.restore import check_backup, restore_backup
from shangyou.adapters.backup.write import write_backup

__all__ = ["check_backup", "restore_backup", "write_backup"]
