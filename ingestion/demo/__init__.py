"""The synthetic demo company: a sales organisation in the landing contract, at any scale.

Belongs here: making believable records. Does not belong here: reading a landing folder
(`ingestion.landing`), or any KPI.

Everything is a pure function of (seed, kind of record, its number), evaluated by DuckDB over `range()`:
the same seed gives the same files, whatever the number of threads. The modules follow the company:
`chance` (draws and working time), `company` (people, stages, accounts), `deals` (opportunities and their
history), `activity` (leads, calls, meetings), `targets` (quotas, rates), `organisation` (people over time,
territories, holidays), `goals` (goals, forecasts), `pay`, `conversations` (what was said in calls), `learning`
(coaching, courses, feedback, hiring), `customers` (touches, invoices, answers, spend), `generator` and `next_day`
(files).
"""

from ingestion.demo.generator import DEFAULT_UNTIL, DemoError, generate
from ingestion.demo.next_day import change

__all__ = ["DEFAULT_UNTIL", "DemoError", "change", "generate"]
