"""Log-ins: how passwords are checked, how often one may try, what is written down of it."""
