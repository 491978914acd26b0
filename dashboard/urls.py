"""Addresses of the control room."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from dashboard.views import (
    act,
    agents,
    apply,
    approvals,
    attention,
    audit,
    bulk,
    conversation,
    events,
    execution,
    executions,
    inbox,
    live,
    overview,
    previews,
    run,
    saved_views,
    session,
    tabs,
    tokens,
    workers,
    workflows,
)

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("log-in", session.LogIn.as_view(), name="login"),
    path("log-out", LogoutView.as_view(), name="logout"),
    path("executions/", executions.listing, name="executions"),
    path("executions/new-count", executions.new_count, name="executions-new-count"),
    path("executions/bulk", bulk.act, name="bulk"),
    path("executions/views", saved_views.keep, name="saved-view-keep"),
    path("executions/views/<str:public_id>/forget", saved_views.forget, name="saved-view-forget"),
    path("executions/<str:public_id>/", execution.page, name="execution"),
    path("executions/<str:public_id>/do/<str:verb>", act.act, name="act"),
    path("executions/<str:public_id>/graph", tabs.graph, name="execution-graph"),
    path(
        "executions/<str:public_id>/conversation", conversation.page, name="execution-conversation"
    ),
    path("executions/<str:public_id>/events", tabs.events, name="execution-events"),
    path("executions/<str:public_id>/values", tabs.values, name="execution-values"),
    path("executions/<str:public_id>/checkpoints", tabs.checkpoints, name="execution-checkpoints"),
    path(
        "executions/<str:public_id>/checkpoints/<int:seq>",
        previews.checkpoint,
        name="execution-checkpoint",
    ),
    path("executions/<str:public_id>/recover", previews.recover, name="execution-recover"),
    path("executions/<str:public_id>/override", previews.override, name="execution-override"),
    path("executions/<str:public_id>/audit", tabs.audit, name="execution-audit"),
    path("executions/<str:public_id>/steps", execution.earlier, name="execution-earlier"),
    path(
        "executions/<str:public_id>/value/<str:name>", execution.own_value, name="execution-value"
    ),
    path(
        "executions/<str:public_id>/steps/<str:step>/<str:name>",
        execution.step_value,
        name="step-value",
    ),
    path("workflows/", workflows.listing, name="workflows"),
    path("workflows/apply", apply.apply, name="apply"),
    path("definitions/<str:kind>/check", apply.check, name="check"),
    path("workflows/<str:public_id>/", workflows.page, name="workflow"),
    path(
        "workflows/<str:public_id>/versions/<int:number>", workflows.page, name="workflow-version"
    ),
    path("workflows/<str:public_id>/run", run.run, name="run"),
    path("agents/", agents.listing, name="agents"),
    path("agents/apply", apply.apply_to_agent, name="apply-agent"),
    path("agents/<str:public_id>/", agents.page, name="agent"),
    path("agents/<str:public_id>/versions/<int:number>", agents.page, name="agent-version"),
    path("agents/<str:public_id>/talk", agents.talk, name="talk"),
    path("executions/<str:public_id>/reply", conversation.reply, name="reply"),
    path("attention/", attention.page, name="attention"),
    path("audit/", audit.page, name="audit"),
    path("audit/export", audit.export, name="audit-export"),
    path("audit/acknowledge", audit.acknowledge, name="audit-acknowledge"),
    path("attention/<str:cause>/note", attention.note, name="attention-note"),
    path("bulk/", bulk.listing, name="bulk-runs"),
    path("bulk/<str:public_id>/", bulk.page, name="bulk-run"),
    path("bulk/<str:public_id>/stop", bulk.stop, name="bulk-stop"),
    path("approvals/", approvals.page, name="approvals"),
    path("approvals/answered", approvals.answered, name="approvals-answered"),
    path("approvals/<str:public_id>/", approvals.one, name="approval"),
    path("events/", events.page, name="events"),
    path("approvals/<str:public_id>/respond", approvals.respond, name="respond"),
    path("tokens/", tokens.page, name="tokens"),
    path("tokens/<str:public_id>/revoke", tokens.revoke, name="token-revoke"),
    path("inbox/", inbox.page, name="inbox"),
    path("inbox/read", inbox.read, name="inbox-read"),
    path("workers/", workers.page, name="workers"),
    path("live/changes", live.changes_, name="live-changes"),
]
