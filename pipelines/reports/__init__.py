"""What the command line shows: progress, status, freshness, a few figures.

Belongs here: reading what is there and printing it. Does not belong here: anything that changes data.
"""
