"""Floor 5: what a run's folder says: one streaming pass over its four channels, the failure matrix, correlation chains.

Nothing here knows what ran: everything comes from the folder.
"""
