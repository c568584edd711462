"""The ledger in files: HOME/ledger."""

from shangyou.adapters.ledger.files import FileLedger
from shangyou.adapters.ledger.shelf import FileShelf

__all__ = ["FileLedger", "FileShelf"]
