"""Addresses of the own account. Each is named here, so that nothing of the library's is open that
nobody thought of: there is no sign-up.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import path, re_path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from dashboard.accounts import proving, views
from dashboard.views.session import LogIn, LogOut

_to_factors = RedirectView.as_view(pattern_name="mfa_index")
_RESET = r"^account/password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$"

urlpatterns = [
    path("log-in", LogIn.as_view(), name="login"),
    path("log-in", LogIn.as_view(), name="account_login"),
    path("log-out", LogOut.as_view(), name="logout"),
    path("log-out", LogOut.as_view(), name="account_logout"),
    path("account/sign-on", views.sign_on, name="sign_on"),
    path("account/sign-on/<str:provider_id>", views.sign_on, name="openid_connect_login"),
    path(
        "account/sign-on/<str:provider_id>/back", proving.callback, name="openid_connect_callback"
    ),
    path("account/sign-on-cancelled", views.cancelled, name="socialaccount_login_cancelled"),
    path("account/sign-on-failed", views.cancelled, name="socialaccount_login_error"),
    path("account/inactive", account.account_inactive, name="account_inactive"),
    path("account/sign-up", views.closed, name="account_signup"),
    path("account/", views.overview, name="account_overview"),
    path("account/confirm", never_cache(account.reauthenticate), name="account_reauthenticate"),
    path("account/password", account.password_change, name="account_change_password"),
    path("account/password/set", account.password_set, name="account_set_password"),
    path("account/password/reset", account.password_reset, name="account_reset_password"),
    path(
        "account/password/reset/sent",
        account.password_reset_done,
        name="account_reset_password_done",
    ),
    path(
        "account/password/reset/done",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(_RESET, account.password_reset_from_key, name="account_reset_password_from_key"),
    path("account/sessions", views.sessions, name="account_sessions"),
    path("account/sessions/<int:pk>/end", views.end_session, name="account_end_session"),
    path("account/sessions/end-others", views.end_others, name="account_end_others"),
    path("account/second-factor", never_cache(factors.index), name="mfa_index"),
    path("account/second-factor/code", never_cache(factors.authenticate), name="mfa_authenticate"),
    path("account/second-factor/confirm", factors.reauthenticate, name="mfa_reauthenticate"),
    path("account/second-factor/app", never_cache(totp.activate_totp), name="mfa_activate_totp"),
    path("account/second-factor/app/remove", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path(
        "account/second-factor/codes", recovery.view_recovery_codes, name="mfa_view_recovery_codes"
    ),
    path(
        "account/second-factor/codes/renew",
        recovery.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path("account/second-factor/codes/file", _to_factors, name="mfa_download_recovery_codes"),
    path("account/passkeys", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("account/passkeys/add", never_cache(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path(
        "account/passkeys/confirm",
        webauthn.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/passkeys/<int:pk>/remove", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
    path("account/passkeys/<int:pk>/name", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("account/passkeys/log-in", webauthn.login_webauthn, name="mfa_login_webauthn"),
]
