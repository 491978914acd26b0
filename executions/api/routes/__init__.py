"""The addresses of the API, one file per resource.

Each reads what was sent, calls one verb, and shows the result.
"""
