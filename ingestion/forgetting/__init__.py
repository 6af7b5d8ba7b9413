"""People and customers who are forgotten: removed from what was loaded, and from whatever is loaded later.

Belongs here: the list of the forgotten, and what becomes of the raw tables, the quarantine and what Repline saw of
users itself. Does not belong here: the files that keep what was overwritten (`ingestion.clearing`), published versions
(`pipelines.forget`), or the files of sources, which belong to whoever writes them.

Rows stay, so that totals do: an id becomes a random name, personal columns become empty. Sources may deliver somebody
again, so the list keeps a salted hash of each id, and `forget_again` follows each load.
"""

from ingestion.forgetting.model import Done, ForgetError, Forgotten, Home, Kind
from ingestion.forgetting.transaction import forget, forget_again

__all__ = ["Done", "ForgetError", "Forgotten", "Home", "Kind", "forget", "forget_again"]
