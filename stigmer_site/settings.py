"""All settings, read from the environment; docs/configuration.md explains each name that is read
here.
"""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env, validate

from executions import logs
from stigmer_site import (
    assets,
    databases,
    home,
    listening,
    mail,
    names,
    oidc,
    repositories,
    retention,
    sites,
    zones,
)

env = Env()

# --- Where it runs --------------------------------------------------------------------------------
STIGMER_HOME: Path = env.path("STIGMER_HOME", Path("var")).absolute()
try:
    STIGMER_BIND, STIGMER_PORT = listening.place(env.str("STIGMER_PORT", listening.PORT))
    STIGMER_DEMO, STIGMER_DEMO_PORT = listening.demo(env.str("STIGMER_DEMO", ""), STIGMER_PORT)
except ValueError as problem:
    raise ImproperlyConfigured(str(problem)) from problem
STIGMER_WORKERS: int = env.int("STIGMER_WORKERS", os.cpu_count() or 1)
_site = sites.from_urls(env.list("STIGMER_URL", []), STIGMER_PORT)
STIGMER_HTTPS = _site.is_https
STIGMER_PROXIES: int = env.int("STIGMER_PROXIES", 0)

# --- Django ---------------------------------------------------------------------------------------
DEBUG = False
# The first signs, the others still verify.
_keys = [key for key in env.list("STIGMER_SECRET_KEY", [], subcast=str.strip) if key]
SECRET_KEY, *SECRET_KEY_FALLBACKS = _keys or [home.kept_secret(STIGMER_HOME / "secret-key")]
ALLOWED_HOSTS = _site.hosts
STIGMER_ORIGINS = CSRF_TRUSTED_ORIGINS = _site.origins
ROOT_URLCONF = "stigmer_site.urls"
ASGI_APPLICATION = "stigmer_site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = env.str("STIGMER_TIME_ZONE", "UTC", validate=zones.check_zone)
USE_TZ = True
USE_I18N = True
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [assets.PACKAGE / "locale"]
# Numbers are written one way in every language: the pictures of a page hold them, too.
FORMAT_MODULE_PATH = ["stigmer_site.formats"]

INSTALLED_APPS = [
    # Before ours: their pages of the admin are replaced by executions/admin/people.py.
    "django.contrib.auth",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "executions",
    "dashboard",
    "channels",
    "django_rq",
    "django_htmx",
    "template_partials",
    "csp",
    "django.contrib.admin",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "executions.logs.correlation",
    "stigmer_site.doors.again",
    "stigmer_site.zones.of_the_browser",
    "stigmer_site.doors.https",
    "stigmer_site.compression.Compression",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "stigmer_site.doors.bodies",
    "stigmer_site.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "stigmer_site.languages.of_the_reader",
    "executions.sight.of_requests",
    "executions.accounts.sessions.kept",
    "executions.accounts.duties.first",
    "stigmer_site.doors.posts",
    "stigmer_site.doors.tries",
    "stigmer_site.doors.refusals",
    "stigmer_site.doors.viewers",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [assets.TEMPLATES],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
            "builtins": ["django.templatetags.i18n"],
        },
    }
]
STATIC_URL = f"/static/v-{assets.static_digest()}/"
WHITENOISE_STATIC_PREFIX = "/static/"
STATICFILES_DIRS = [assets.STATIC]
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 300

# --- Who may come in ------------------------------------------------------------------------------
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
# The second is never asked about a password: it knows the sessions that were begun with it.
AUTHENTICATION_BACKENDS = [
    "executions.accounts.backend.PasswordBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["executions.accounts.hasher.PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "executions.accounts.passwords.BreachedPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
# A service of breached passwords, asked by the first five characters of a digest; empty: none.
STIGMER_BREACHED_PASSWORDS_URL: str = env.str("STIGMER_BREACHED_PASSWORDS_URL", "")
# Whether restoring and overriding a run needs a second person who agrees.
STIGMER_TWO_PERSONS: bool = env.bool("STIGMER_TWO_PERSONS", False)
# Fields whose values support and viewers do not read, beside the usual ones.
STIGMER_SENSITIVE_FIELDS: list[str] = env.list("STIGMER_SENSITIVE_FIELDS", [])
# The people who need a second factor: nobody, support and administrators, or all.
STIGMER_SECOND_FACTOR: str = env.str(
    "STIGMER_SECOND_FACTOR", "none", validate=validate.OneOf(("none", "staff", "all"))
)
STIGMER_IDLE_SECONDS: float = env.float("STIGMER_IDLE_SECONDS", 12 * 3600.0)
ACCOUNT_ADAPTER = "dashboard.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {"reset_password": "dashboard.accounts.forms.AskForLinkForm"}
# How often one may try is counted by executions/accounts/throttle.py alone.
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False
MFA_ADAPTER = "dashboard.accounts.adapter.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "dashboard.accounts.forms.CodeForm",
    "reauthenticate": "dashboard.accounts.forms.ConfirmByCodeForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Stigmer"
# Browsers offer passkeys on https and on localhost alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not STIGMER_HTTPS
# Single sign-on; without an issuer there is none.
_oidc = oidc.from_url(env.str("STIGMER_OIDC_URL", ""))
STIGMER_OIDC_ISSUER, STIGMER_OIDC_NAME = _oidc.issuer, _oidc.name
STIGMER_OIDC_GROUPS_CLAIM = _oidc.groups
# Groups of the provider, and what they are worth: `user`, `viewer`, `support`, `admin`, or a group.
STIGMER_OIDC_ROLES: dict[str, str] = env.dict("STIGMER_OIDC_ROLES", {})
SOCIALACCOUNT_ADAPTER = "dashboard.accounts.sign_on.SignOn"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": STIGMER_OIDC_NAME,
                "client_id": _oidc.client,
                "secret": _oidc.secret,
                "settings": {"server_url": STIGMER_OIDC_ISSUER, "oauth_pkce_enabled": True},
            }
        ],
    }
}
# Cookies are shared by all ports of a host: the port in the name keeps two servers on one machine
# apart.
_cookie = "__Host-stigmer" if STIGMER_HTTPS else f"stigmer{STIGMER_PORT}"
SESSION_COOKIE_NAME = f"{_cookie}-session"
# A person who works all along logs in again after so long.
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = STIGMER_HTTPS
CSRF_COOKIE_NAME = f"{_cookie}-csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = STIGMER_HTTPS
SECURE_SSL_REDIRECT = STIGMER_HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if STIGMER_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = STIGMER_HTTPS
# The scheme of a request is what stigmer_site/entrance.py found: Django would read
# X-Forwarded-Proto from the left.
SECURE_PROXY_SSL_HEADER = None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # Browsers ask this of where a form leads in the end, too.
        "form-action": [SELF, *([STIGMER_OIDC_ISSUER] if STIGMER_OIDC_ISSUER else [])],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Signs the audit trail; never SECRET_KEY, never in the database nor in a backup of it.
_audit: Path = env.path("STIGMER_AUDIT_FOLDER", STIGMER_HOME)
STIGMER_AUDIT_KEY_FILE = _audit / "audit-key"
STIGMER_AUDIT_HEADS_FILE = _audit / "audit-heads.jsonl"
STIGMER_API_RATE: int = env.int("STIGMER_API_RATE", 1200)
# The largest input or output of a step, as JSON.
STIGMER_VALUE_BYTES: int = env.int("STIGMER_VALUE_BYTES", 1024 * 1024)
# A request holds an input with its surroundings, or the form of a page with a file.
DATA_UPLOAD_MAX_MEMORY_SIZE = max(2_621_440, 2 * STIGMER_VALUE_BYTES)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# --- Database, Redis, queues ----------------------------------------------------------------------
DATABASES = {
    "default": databases.from_url(env.str("DATABASE_URL", ""), STIGMER_HOME),
}
STIGMER_EMBEDDED_REDIS: bool = not env.str("REDIS_URL", "")
REDIS_URL: str = env.str("REDIS_URL", "") or home.redis_address(STIGMER_HOME)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "stigmer:cache",
        "OPTIONS": {"serializer": "stigmer_site.cache.JsonSerializer"},
    }
}
RQ_QUEUES = {
    name: {
        "URL": REDIS_URL,
        "SERIALIZER": "rq.serializers.JSONSerializer",
        # deadlines are the engine's: RQ's time-out is an exception that a step may swallow
        "DEFAULT_TIMEOUT": -1,
        "DEFAULT_RESULT_TTL": 0,
    }
    for name in ("high", "default", "low")
}
RQ_SHOW_ADMIN_LINK = False  # RQ's pages are mounted by urls.py, for superusers only
# `on` accepts runs while a worker lives, `always` also while none does, `off` none.
_known = (*listening.YES, "always", *listening.NO)
_is_known = validate.OneOf(_known, error="Use on, always or off.")
_accepts = env.str("STIGMER_QUEUE", "on", validate=lambda said: _is_known(said.lower())).lower()
STIGMER_QUEUE = _accepts not in listening.NO
STIGMER_ACCEPT_WHEN_IDLE = _accepts == "always"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "stigmer"},
    }
}

# --- Driving --------------------------------------------------------------------------------------
STIGMER_SLOTS: int = env.int("STIGMER_SLOTS", 100)
STIGMER_PROCESS_SILENCE_SECONDS: float = env.float(
    "STIGMER_PROCESS_SILENCE_SECONDS", 15.0, validate=validate.Range(min=1)
)
# How often a process says that it lives, a worker looks for the dead, and a bell is rung again.
STIGMER_HEARTBEAT_SECONDS: float = STIGMER_PROCESS_SILENCE_SECONDS / 3
STIGMER_SWEEP_SECONDS: float = STIGMER_PROCESS_SILENCE_SECONDS / 3
STIGMER_RING_AGAIN_SECONDS: float = STIGMER_PROCESS_SILENCE_SECONDS * 2
STIGMER_DRAIN_SECONDS: float = env.float("STIGMER_DRAIN_SECONDS", 20.0)
STIGMER_MAX_STEPS: int = env.int("STIGMER_MAX_STEPS", 10_000)
# Days after its end by phase; empty: runs are kept for ever.
STIGMER_RETENTION: dict[str, int] = env.dict(
    "STIGMER_RETENTION", {}, subcast_values=int, validate=retention.phases_and_days
)
STIGMER_ARCHIVE_FOLDER = STIGMER_HOME / "archives"
STIGMER_METRICS_TOKEN: str = env.str("STIGMER_METRICS_TOKEN", "")

# --- What a definition may do ---------------------------------------------------------------------
STIGMER_HTTP_ALLOWED_HOSTS: list[str] = env.list("STIGMER_HTTP_ALLOWED_HOSTS", [])
STIGMER_HTTP_ONLY_HOSTS: list[str] = env.list("STIGMER_HTTP_ONLY_HOSTS", [])
_examples = ["executions.demo.imports", "executions.demo.shopping"] if STIGMER_DEMO else []
STIGMER_FUNCTION_MODULES: list[str] = env.list("STIGMER_FUNCTION_MODULES", _examples)
# The commands of MCP servers by name: no row and no agent says what is executed.
STIGMER_MCP_COMMANDS: dict[str, str] = env.dict("STIGMER_MCP_COMMANDS", {})
# How many functions of one owner a worker runs at once.
STIGMER_FUNCTION_PROCESSES = 2
# With less than this a process of functions cannot even start.
_least_memory = validate.Range(min=256 * 1024 * 1024)
_memory: int = env.int("STIGMER_MEMORY_BYTES", 1024 * 1024 * 1024, validate=_least_memory)
STIGMER_FUNCTION_MEMORY_BYTES = STIGMER_COMMAND_MEMORY_BYTES = _memory
# The risks, by name, that the operator accepts of commands where the sandbox cannot keep them from
# it; with `off` among them no command is run.
STIGMER_COMMANDS_MAY: list[str] = env.list("STIGMER_COMMANDS_MAY", [])
STIGMER_COMMANDS = "off" not in STIGMER_COMMANDS_MAY
STIGMER_WORKSPACE_FOLDER: Path = env.path("STIGMER_WORKSPACE_FOLDER", STIGMER_HOME / "workspaces")
STIGMER_WORKSPACE_BYTES: int = env.int("STIGMER_WORKSPACE_BYTES", 2 * 1024**3)
# All workspaces of a host.
STIGMER_WORKSPACES_BYTES = 25 * STIGMER_WORKSPACE_BYTES
# Repositories by name: an address, or a folder or bundle of this host; hosts of any repository.
_demo_repository = {"demo": str(assets.DEMO_REPOSITORY)} if STIGMER_DEMO else {}
_named, STIGMER_GIT_HOSTS = repositories.parsed(env.list("STIGMER_REPOSITORIES", []))
STIGMER_REPOSITORIES: dict[str, str] = _demo_repository | _named
# A folder, or the address of a storage that speaks S3.
STIGMER_ARTIFACTS: str | Path = env.str("STIGMER_ARTIFACTS", "") or STIGMER_HOME / "artifacts"
STIGMER_ARTIFACT_BYTES = 100 * 1024**2
STIGMER_SECRETS_FILE: Path | None = env.path("STIGMER_SECRETS_FILE", None)

# --- E-mail ---------------------------------------------------------------------------------------
STIGMER_MAIL_URL: str = env.str("STIGMER_MAIL_URL", "")
_mail = mail.from_url(STIGMER_MAIL_URL)
EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_SSL, EMAIL_USE_TLS = _mail.use_ssl, _mail.use_tls
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _mail.sender

# --- Log ------------------------------------------------------------------------------------------
STIGMER_LOG_LEVEL: str = env.str("STIGMER_LOG_LEVEL", "INFO").upper()
LOGGING = logs.configured(STIGMER_LOG_LEVEL)

# --- What nobody reads ----------------------------------------------------------------------------
names.check_bounds(os.environ)
STIGMER_UNREAD: list[tuple[str, str]] = list(names.unread(os.environ, env.dump()))
