"""A definition drawn as a graph: ``nodes`` reads it, ``layers`` places it, ``marks`` says how far a
run has come.
"""
