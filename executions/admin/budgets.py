"""Budgets of a day, and what was used of them."""

from __future__ import annotations

from django.contrib import admin

from executions.admin.access import Declaring, Looking
from executions.models import Budget, Spending


@admin.register(Budget)
class BudgetAdmin(Declaring):
    """Administrators declare them; support may look."""

    list_display = ("__str__", "tokens_per_day", "cost_per_day")
    list_select_related = ("user",)
    autocomplete_fields = ("user",)


@admin.register(Spending)
class SpendingAdmin(Looking):
    """The amounts that were used on a day."""

    list_display = ("owner", "day", "tokens", "cost", "reserved_tokens", "reserved_cost")
    list_select_related = ("owner",)
    date_hierarchy = "day"
