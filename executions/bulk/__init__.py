"""One verb for many runs: chosen at one moment, carried out by workers one after the other.

A bulk run is a row with an item for each run. Each item goes through the verb itself, with its
policy, its audit entry and the sequence at which the run was chosen, in one transaction with the
item: a worker that dies in the middle leaves neither a run done twice nor one forgotten.
"""
