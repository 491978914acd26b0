"""What a workflow has to fulfil beyond the shape of its parts."""
