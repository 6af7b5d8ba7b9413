"""The errors whose text is meant for the user: one line that says what is wrong, where, and what to do.

Belongs here: the list of them. Does not belong here: an error that means a fault in the program.
"""

from expectations.checks import GateError
from ingestion.api.client import ApiError
from ingestion.demo import DemoError
from ingestion.forgetting import ForgetError
from ingestion.lake import LakeError
from ingestion.landing.errors import LandingError
from ingestion.migrations import MigrationError
from ingestion.personal import OptionsError
from pipelines.asking.published import AskingError
from pipelines.copying.target import CopyError
from pipelines.publication.versions import PublicationError
from pipelines.runs.dbt_runs import DbtError
from pipelines.settings import SettingsError
from pipelines.spark.connection import SparkError

KNOWN_ERRORS = (
    ApiError,
    AskingError,
    CopyError,
    DbtError,
    DemoError,
    ForgetError,
    GateError,
    LakeError,
    LandingError,
    MigrationError,
    OptionsError,
    PublicationError,
    SettingsError,
    SparkError,
)
