"""The REST API: a door like the others.

It parses, asks ``policy``, calls one verb, and renders what came of it.
"""
