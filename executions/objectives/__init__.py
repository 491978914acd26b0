"""Objectives of workflows: set, counted, and how fast their budgets burn."""
