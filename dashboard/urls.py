"""Addresses of the control room."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from dashboard.views import act, apply, execution, executions, inbox, live, overview, run, session, workers, workflows

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("log-in", session.LogIn.as_view(), name="login"),
    path("log-out", LogoutView.as_view(), name="logout"),
    path("executions/", executions.listing, name="executions"),
    path("executions/new-count", executions.new_count, name="executions-new-count"),
    path("executions/<str:public_id>/", execution.page, name="execution"),
    path("executions/<str:public_id>/do/<str:verb>", act.act, name="act"),
    path("executions/<str:public_id>/steps", execution.earlier, name="execution-earlier"),
    path("executions/<str:public_id>/value/<str:name>", execution.own_value, name="execution-value"),
    path("executions/<str:public_id>/steps/<str:step>/<str:name>", execution.step_value, name="step-value"),
    path("workflows/", workflows.listing, name="workflows"),
    path("workflows/apply", apply.apply, name="apply"),
    path("workflows/<str:public_id>/", workflows.page, name="workflow"),
    path("workflows/<str:public_id>/versions/<int:number>", workflows.page, name="workflow-version"),
    path("workflows/<str:public_id>/run", run.run, name="run"),
    path("inbox/", inbox.page, name="inbox"),
    path("inbox/read", inbox.read, name="inbox-read"),
    path("workers/", workers.page, name="workers"),
    path("live/changes", live.changes_, name="live-changes"),
]
