"""One call of a step with an effect: how it runs, ends, is stopped, or is found lost."""
