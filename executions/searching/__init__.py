"""The questions that a list of executions answers: one set of filters for pages, API, command,
admin and saved views.
"""
