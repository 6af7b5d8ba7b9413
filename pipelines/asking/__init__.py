"""Questions to the published version: which metrics there are, what they are for whom and when, of which rows.

Belongs here: reading a published version, the same answers for the command line, agents and pages. Does not belong
here: what a metric means or is made of (the published `kpi_catalogue` says it), who asks and how an answer looks
(`pipelines.cli`, `pipelines.serving.agents`), and anything that writes.
"""
