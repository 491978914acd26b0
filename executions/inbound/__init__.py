"""Events that come in: kept, offered to who listens, and forgotten in time.

A step that listens first commits what it listens to, and then looks for what came earlier. An event
is first committed, and then a worker looks who listens. So one of the two always sees the other,
whichever came first, and no event falls between them.
"""
