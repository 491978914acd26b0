"""From text to a definition: YAML, the models' complaints, problems that a person can act on."""
