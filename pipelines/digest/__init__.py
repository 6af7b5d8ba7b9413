"""`repline digest`: each rep and each manager gets their page of the published version as a mail.

Belongs here: who gets which page, and its form as a mail. Does not belong here: what stands on a page
(`pipelines.pages`), and how a mail server is reached (`pipelines.alarms.senders`).
"""
