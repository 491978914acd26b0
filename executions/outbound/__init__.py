"""The news that Stigmer tells others of its own accord: lifecycle events, derived from the journal,
to sinks.

Nothing is added to a move: the journal holds each event once. A thread of a worker looks what is
new in it, writes a message for each sink that wants it, and other threads send those.
"""
