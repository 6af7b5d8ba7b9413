"""The static site of a published version: pages for a leader, a team, a rep, and whoever keeps the data right.

Belongs here: what the pages show and how they look. Does not belong here: computing a figure (`dbt_project`), or
putting the site in place (`pipelines.publication`).

The way of a figure: a query of `queries/` reads it from the marts (`rows`), a page names it (`company`, `people`,
`deals`, `data`, `definitions`) in words of `languages/`, and `writing` makes HTML of the page. Only pages whose
figures changed are written anew (`site`).
"""
