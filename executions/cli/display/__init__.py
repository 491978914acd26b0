"""The output of the command: tables, descriptions, progress, and the stable JSON and YAML for other
programs.
"""
