"""The Serverless Workflow DSL 1.0 as far as it is supported, as typed values."""
