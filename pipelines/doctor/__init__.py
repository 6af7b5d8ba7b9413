"""`repline doctor`: looks at everything a refresh needs, without loading anything, and says what to do.

Belongs here: the looks, one module per kind. Does not belong here: what a source is asked (`probe` of its package).
"""
