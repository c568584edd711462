"""State of a node in a relational database: SQLite by default."""

from shangyou.adapters.state.catalogue import SqlCatalogue
from shangyou.adapters.state.contracts import SqlContracts
from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.intake import SqlIntake
from shangyou.adapters.state.people import SqlPeople
from shangyou.adapters.state.registry import SqlRegistry

__all__ = ["SqlCatalogue", "SqlContracts", "SqlIntake", "SqlPeople", "SqlRegistry", "StateDatabase"]
