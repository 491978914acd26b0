"""What may be asked of a list of executions: one set of filters for pages, API, command, admin and
saved views.
"""
