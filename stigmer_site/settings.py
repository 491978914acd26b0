"""All settings, read from the environment; docs/configuration.md explains each name that is read
here.
"""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from environs import Env, validate

from executions import logs
from stigmer_site import assets, databases, home, retention, zones

env = Env()

# --- Where it runs --------------------------------------------------------------------------------
STIGMER_HOME: Path = env.path("STIGMER_HOME", Path("var")).absolute()
STIGMER_BIND: str = env.str("STIGMER_BIND", "127.0.0.1")
STIGMER_PORT: int = env.int("STIGMER_PORT", 8000)
STIGMER_WORKERS: int = env.int("STIGMER_WORKERS", os.cpu_count() or 1)
STIGMER_HTTPS: bool = env.bool("STIGMER_HTTPS", False)
STIGMER_PROXIES: int = env.int("STIGMER_PROXIES", 0)
STIGMER_DEMO: bool = env.bool("STIGMER_DEMO", True)
STIGMER_DEMO_PORT: int = env.int("STIGMER_DEMO_PORT", STIGMER_PORT + 1)

# --- Django ---------------------------------------------------------------------------------------
DEBUG: bool = env.bool("STIGMER_DEBUG", False)
SECRET_KEY: str = env.str("STIGMER_SECRET_KEY", "") or home.kept_secret(STIGMER_HOME / "secret-key")
SECRET_KEY_FALLBACKS: list[str] = env.list("STIGMER_SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS: list[str] = env.list("STIGMER_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
_scheme = "https" if STIGMER_HTTPS else "http"
STIGMER_ORIGINS: list[str] = env.list(
    "STIGMER_ORIGINS",
    [f"{_scheme}://{host}:{STIGMER_PORT}" for host in ALLOWED_HOSTS if not host.startswith(".")],
)
CSRF_TRUSTED_ORIGINS = STIGMER_ORIGINS
ROOT_URLCONF = "stigmer_site.urls"
ASGI_APPLICATION = "stigmer_site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = env.str("STIGMER_TIME_ZONE", "UTC", validate=zones.known)
USE_TZ = True
USE_I18N = False

INSTALLED_APPS = [
    "executions",
    "dashboard",
    "channels",
    "django_rq",
    "django_htmx",
    "template_partials",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
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
    "stigmer_site.doors.posts",
    "stigmer_site.doors.tries",
    "stigmer_site.doors.refusals",
    "django.contrib.messages.middleware.MessageMiddleware",
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
            ]
        },
    }
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [assets.STATIC]
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 300

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
STIGMER_LOGIN_TRIES: int = env.int("STIGMER_LOGIN_TRIES", 5)
STIGMER_LOGIN_LOCK_SECONDS: float = env.float("STIGMER_LOGIN_LOCK_SECONDS", 900.0)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
# Cookies are shared by all ports of a host: the port in the name keeps two servers on one machine
# apart.
_cookie = "__Host-stigmer" if STIGMER_HTTPS else f"stigmer{STIGMER_PORT}"
SESSION_COOKIE_NAME = f"{_cookie}-session"
SESSION_COOKIE_AGE: int = env.int("STIGMER_SESSION_SECONDS", 14 * 24 * 3600)
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
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Signs the audit trail; never SECRET_KEY, never in the database nor in a backup of it.
STIGMER_AUDIT_KEY_FILE: Path = env.path("STIGMER_AUDIT_KEY_FILE", STIGMER_HOME / "audit-key")
STIGMER_AUDIT_HEADS_FILE: Path = env.path(
    "STIGMER_AUDIT_HEADS_FILE", STIGMER_HOME / "audit-heads.jsonl"
)
STIGMER_SOCKETS_PER_USER: int = env.int("STIGMER_SOCKETS_PER_USER", 20)
STIGMER_TOPICS_PER_SOCKET: int = env.int("STIGMER_TOPICS_PER_SOCKET", 150)
STIGMER_STALLED_SECONDS: float = env.float("STIGMER_STALLED_SECONDS", 60.0)
STIGMER_API_RATE: int = env.int("STIGMER_API_RATE", 1200)
DATA_UPLOAD_MAX_MEMORY_SIZE: int = env.int("STIGMER_REQUEST_BYTES", 2_621_440)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# --- Database, Redis, queues ----------------------------------------------------------------------
STIGMER_DATABASE_CONNECTIONS: int = env.int("STIGMER_DATABASE_CONNECTIONS", 10)
STIGMER_TRANSACTION_TRIES: int = env.int("STIGMER_TRANSACTION_TRIES", 5)
STIGMER_TRANSACTION_SECONDS: float = env.float("STIGMER_TRANSACTION_SECONDS", 5.0)
STIGMER_PREPARED_STATEMENTS: bool = env.bool("STIGMER_PREPARED_STATEMENTS", True)
DATABASES = {
    "default": databases.from_url(
        env.str("DATABASE_URL", ""),
        STIGMER_HOME,
        connections=STIGMER_DATABASE_CONNECTIONS,
        prepared=STIGMER_PREPARED_STATEMENTS,
    )
}
STIGMER_EMBEDDED_REDIS: bool = not env.str("REDIS_URL", "")
REDIS_URL: str = env.str("REDIS_URL", "") or home.redis_address(STIGMER_HOME)
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
STIGMER_QUEUE: bool = env.bool("STIGMER_QUEUE", True)
STIGMER_ACCEPT_WHEN_IDLE: bool = env.bool("STIGMER_ACCEPT_WHEN_IDLE", False)
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "stigmer"},
    }
}

# --- Driving --------------------------------------------------------------------------------------
STIGMER_SLOTS: int = env.int("STIGMER_SLOTS", 100)
STIGMER_HEARTBEAT_SECONDS: float = env.float("STIGMER_HEARTBEAT_SECONDS", 5.0)
STIGMER_PROCESS_SILENCE_SECONDS: float = env.float("STIGMER_PROCESS_SILENCE_SECONDS", 15.0)
STIGMER_SWEEP_SECONDS: float = env.float("STIGMER_SWEEP_SECONDS", 5.0)
STIGMER_BULK_ITEMS: int = env.int("STIGMER_BULK_ITEMS", 50_000)
STIGMER_BULK_START: float = env.float("STIGMER_BULK_START", 5.0)
STIGMER_BULK_PER_SECOND: float = env.float("STIGMER_BULK_PER_SECOND", 200.0)
STIGMER_SWEEP_BATCH: int = env.int("STIGMER_SWEEP_BATCH", 100)
STIGMER_RING_AGAIN_SECONDS: float = env.float("STIGMER_RING_AGAIN_SECONDS", 30.0)
STIGMER_DRAIN_SECONDS: float = env.float("STIGMER_DRAIN_SECONDS", 20.0)
STIGMER_ATTEMPT_SECONDS: float = env.float("STIGMER_ATTEMPT_SECONDS", 30.0)
STIGMER_RETRY_DELAYS: list[float] = env.list(
    "STIGMER_RETRY_DELAYS", [2.0, 5.0, 10.0], subcast=float
)
STIGMER_MODEL_RETRY_DELAYS: list[float] = env.list(
    "STIGMER_MODEL_RETRY_DELAYS", [2.0, 5.0, 15.0, 60.0, 180.0], subcast=float
)
STIGMER_RETRY_AFTER_SECONDS: float = env.float("STIGMER_RETRY_AFTER_SECONDS", 300.0)
STIGMER_MAX_STEPS: int = env.int("STIGMER_MAX_STEPS", 10_000)
STIGMER_FLUSH_STEPS: int = env.int("STIGMER_FLUSH_STEPS", 100)
STIGMER_FLUSH_SECONDS: float = env.float("STIGMER_FLUSH_SECONDS", 1.0)
STIGMER_WRITERS: int = env.int("STIGMER_WRITERS", 4)
STIGMER_SAVED_VIEWS: int = env.int("STIGMER_SAVED_VIEWS", 50)
STIGMER_CRASH_LIMIT: int = env.int("STIGMER_CRASH_LIMIT", 5)
STIGMER_RECOVERIES_AT_ONCE: int = env.int("STIGMER_RECOVERIES_AT_ONCE", 5)
STIGMER_FREE_BYTES: int = env.int("STIGMER_FREE_BYTES", 64 * 1024 * 1024)
STIGMER_QUARANTINE_SECONDS: float = env.float("STIGMER_QUARANTINE_SECONDS", 600.0)
STIGMER_ALONE_PROCESSES: int = env.int("STIGMER_ALONE_PROCESSES", 4)
STIGMER_FAIR_SHARE: int = env.int("STIGMER_FAIR_SHARE", 10)
# Days after its end by phase; empty: runs are kept for ever.
STIGMER_RETENTION: dict[str, int] = env.dict(
    "STIGMER_RETENTION", {}, subcast_values=int, validate=retention.phases_and_days
)
STIGMER_ARCHIVE_FOLDER: Path = env.path("STIGMER_ARCHIVE_FOLDER", STIGMER_HOME / "archives")
STIGMER_METRICS_TOKEN: str = env.str("STIGMER_METRICS_TOKEN", "")
STIGMER_METRICS_LOCAL: bool = env.bool("STIGMER_METRICS_LOCAL", False)

# --- What a definition may do ---------------------------------------------------------------------
STIGMER_DEFINITION_BYTES: int = env.int("STIGMER_DEFINITION_BYTES", 256 * 1024)
STIGMER_DEFINITION_DEPTH: int = env.int("STIGMER_DEFINITION_DEPTH", 32)
STIGMER_DEFINITION_NODES: int = env.int("STIGMER_DEFINITION_NODES", 20_000)
STIGMER_VALUE_BYTES: int = env.int("STIGMER_VALUE_BYTES", 1024 * 1024)
STIGMER_EXPRESSION_SECONDS: float = env.float("STIGMER_EXPRESSION_SECONDS", 2.0)
STIGMER_HTTP_RESPONSE_BYTES: int = env.int("STIGMER_HTTP_RESPONSE_BYTES", 1024 * 1024)
STIGMER_HTTP_ALLOWED_HOSTS: list[str] = env.list("STIGMER_HTTP_ALLOWED_HOSTS", [])
STIGMER_HTTP_ONLY_HOSTS: list[str] = env.list("STIGMER_HTTP_ONLY_HOSTS", [])
STIGMER_HTTP_ALLOWED_PORTS: list[int] = env.list("STIGMER_HTTP_ALLOWED_PORTS", [], subcast=int)
_examples = ["executions.demo.imports", "executions.demo.shopping"] if STIGMER_DEMO else []
STIGMER_FUNCTION_MODULES: list[str] = env.list("STIGMER_FUNCTION_MODULES", _examples)
# The commands of MCP servers by name: no row and no agent says what is executed.
STIGMER_MCP_COMMANDS: dict[str, str] = env.dict("STIGMER_MCP_COMMANDS", {})
STIGMER_FUNCTION_PROCESSES: int = env.int(
    "STIGMER_FUNCTION_PROCESSES", 2, validate=validate.Range(min=1)
)
# With less than this a process of functions cannot even start.
_least_memory = validate.Range(min=256 * 1024 * 1024)
STIGMER_FUNCTION_MEMORY_BYTES: int = env.int(
    "STIGMER_FUNCTION_MEMORY_BYTES", 1024 * 1024 * 1024, validate=_least_memory
)
STIGMER_SECRETS_FILE: Path | None = env.path("STIGMER_SECRETS_FILE", None)
STIGMER_SECRETS_ACCESS_FILE: Path | None = env.path("STIGMER_SECRETS_ACCESS_FILE", None)

# --- Log ------------------------------------------------------------------------------------------
STIGMER_LOG_LEVEL: str = env.str("STIGMER_LOG_LEVEL", "INFO").upper()
STIGMER_LOG_FORMAT: str = env.str(
    "STIGMER_LOG_FORMAT", "auto", validate=validate.OneOf(logs.FORMATS)
)
LOGGING = logs.configured(STIGMER_LOG_LEVEL, STIGMER_LOG_FORMAT)
