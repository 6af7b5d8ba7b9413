"""The mapping file: from the files or tables of a system, in its own names and formats, to the landing contract.

Belongs here: reading and checking the file, SQL of what it says, proposing one. Does not belong here: where files or
tables are (`ingestion.exports`, `ingestion.database`), or what a good row is (`ingestion.landing.conversion`).
"""

from ingestion.mapping.document import MappingError
from ingestion.mapping.model import FileLayout, InlineRows, Mapping, Part, TableLayout
from ingestion.mapping.parse import DATABASE, EXPORTS, read_mapping

__all__ = [
    "DATABASE",
    "EXPORTS",
    "FileLayout",
    "InlineRows",
    "Mapping",
    "MappingError",
    "Part",
    "TableLayout",
    "read_mapping",
]
