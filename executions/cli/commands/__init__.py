"""The subcommands that talk to a server, and those that look after the local installation."""
