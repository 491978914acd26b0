"""The checks of a workflow beyond the shape of its parts."""
