"""The verbs of a person on an execution: one row and one function each, from which every door
derives.

``rows/<verb>.py`` holds the row (plain data); ``<verb>.py`` holds ``act``, the function behind it.
The module of a verb has its name in snake case. docs/how-to-add.md, "A verb".
"""
