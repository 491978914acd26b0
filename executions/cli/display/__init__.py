"""What the command shows: tables, descriptions, progress, and the stable JSON and YAML for other
programs.
"""
