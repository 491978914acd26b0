"""The rows of workspaces and of what runs have left: made, used, looked at, kept and removed."""
