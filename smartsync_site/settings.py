"""
Every setting: Django's and its libraries' here, the platform's own taken over from `rules`.

These two are the only places that read the environment for them. Nothing is guessed on a server: without
DEVELOPMENT=1 a missing SECRET_KEY, DATABASE_URL or REDIS_URL ends the start with its name. See .env.example for
the list.
"""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.management.utils import get_random_secret_key
from kombu import Queue

from smartsync_site import addresses
from smartsync_site.embedded import LocalFolder
from smartsync_site.environment import read_env_file
from smartsync_site.rules import *  # noqa: F403  (Django reads the names of one module)
from smartsync_site.rules import SMARTSYNC_BRAND
from smartsync_site.watching import logs

PROXIES_MAX = 10
WEBHOOK_LOG_DAYS_MIN = 7
DAYS_MAX = 36_500
WEBHOOK_RETRY_SECONDS_DEFAULT = ("5", "60", "300", "1800", "7200", "18000", "36000")
FREE_PORT_MIN, PORT_MAX = 1024, 65535
SECONDS_MAX = 1e6
BASE_DIR = Path(__file__).resolve().parent.parent
read_env_file()
env = environ.Env()

# -- Where we are ------------------------------------------------------------------------------------------------------

DEVELOPMENT = env.bool("DEVELOPMENT", default=False)
DEBUG = DEVELOPMENT and env.bool("DEBUG", default=False)
LOCAL_FOLDER = LocalFolder()


def required(name: str, *, in_development: str) -> str:
    """Return a variable of the environment, or what stands in for it on somebody's own machine."""
    given = env.str(name, default="")
    if given or DEVELOPMENT:
        return given or in_development
    raise environ.ImproperlyConfigured(f"{name} is not set (see .env.example); DEVELOPMENT=1 does without.")


def positive(name: str, given: str) -> float:
    """Return a number of seconds that a variable of the environment names."""
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < SECONDS_MAX:
        raise environ.ImproperlyConfigured(f"{name} has {given!r}; it takes seconds, more than 0.")
    return seconds


def days(name: str, given: int, *, at_least: int) -> int:
    """Return a number of days that a variable of the environment names."""
    if not at_least <= given <= DAYS_MAX:
        raise environ.ImproperlyConfigured(f"{name} is {given}; it is {at_least} to {DAYS_MAX} days.")
    return given


# `manage.py` prepares the local folder; a check or a lint run without it gets a key for its own duration.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SECRET_KEY = required("SECRET_KEY", in_development=LOCAL_FOLDER.secret("django") or get_random_secret_key())
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEVELOPMENT else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CSRF_FAILURE_VIEW = "smartsync_site.middleware.requests.form_refused"
# How many proxies of ours stand before the web process: nobody else is believed about an address or https.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
if not 0 <= TRUSTED_PROXY_COUNT <= PROXIES_MAX:
    raise environ.ImproperlyConfigured(f"TRUSTED_PROXY_COUNT is {TRUSTED_PROXY_COUNT}; it is 0 to {PROXIES_MAX}.")

ROOT_URLCONF = "smartsync_site.urls"
ASGI_APPLICATION = "smartsync_site.asgi.application"
WSGI_APPLICATION = "smartsync_site.wsgi.application"

INSTALLED_APPS = [
    "accounts",
    "copytrading",
    "copytrading.exchange.paper",
    "smartsync_site",
    "smartsync_site.operators.panel.OperatorsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "health_check",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "accounts.api.answering.answers.json_under_api",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "smartsync_site.middleware.requests.only_for_who_asks",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "smartsync_site.middleware.requests.KnownHosts",
    "django.middleware.csrf.CsrfViewMiddleware",
    # Before the sign-in: it sets a person of its own, and the steps under /api/identity/ would see nobody.
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "smartsync_site.middleware.places.in_the_readers_place",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "smartsync_site.middleware.doors.readable_requests",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "copytrading.views.money.money_context",
                "smartsync_site.brand.pages.brand_context",
            ],
        },
    }
]

FORM_RENDERER = "copytrading.forms.parts.rendering.FormRenderer"

# -- PostgreSQL: the queue and the truth -------------------------------------------------------------------------------

DATABASE_URL = required("DATABASE_URL", in_development=LOCAL_FOLDER.database_url())
# Those change tables, or copy all there is: they work as the owner of the tables, under no role and without limits.
OWNERS_COMMANDS = ("migrate", "backup", "restore", "drill")
COMMAND = sys.argv[1] if Path(sys.argv[0]).name == "manage.py" and len(sys.argv) > 1 else ""
IS_OWNER = COMMAND in OWNERS_COMMANDS
# What somebody waits for at a terminal takes as long as it takes; what runs all day must not wait for a statement.
RUNS_ALL_DAY = COMMAND in ("", "feed", "standby")
if IS_OWNER:
    DATABASE_URL = env.str("DATABASE_OWNER_URL", default="") or DATABASE_URL
DATABASES: dict[str, dict[str, Any]] = {"default": addresses.database(DATABASE_URL)}
DATABASES["default"]["CONN_MAX_AGE"] = 0  # the pool keeps connections, not Django; worker and beat take one a task
DATABASE_OPTIONS = DATABASES["default"].setdefault("OPTIONS", {})
DATABASE_OPTIONS.setdefault("connect_timeout", 5)
# A host that went without a word is noticed within half a minute; the system's own waits are hours.
for name, most in (
    ("keepalives_idle", 10),
    ("keepalives_interval", 5),
    ("keepalives_count", 4),
    ("tcp_user_timeout", 30_000),
):
    DATABASE_OPTIONS.setdefault(name, most)

# What runs cannot rewrite history: it works under a role that may not. Migrations work without it.
DATABASE_ROLE = env.str("DATABASE_ROLE", default="")
DATABASE_STATEMENT_SECONDS = env.int("DATABASE_STATEMENT_SECONDS", default=60)
if not IS_OWNER:
    # Not Django's `assume_role`: with a pool it waits for a connection in order to make that connection. A pooler in
    # transaction mode drops these: behind one, sign in as a login that is a member of the role (deploy/roles.sql).
    given = [f"role={DATABASE_ROLE}"] if DATABASE_ROLE else []
    if DATABASE_STATEMENT_SECONDS and RUNS_ALL_DAY:
        given.append(f"statement_timeout={DATABASE_STATEMENT_SECONDS * 1000}")
        given.append(f"idle_in_transaction_session_timeout={DATABASE_STATEMENT_SECONDS * 2000}")
    if given:
        DATABASE_OPTIONS["options"] = " ".join(f"-c {one}" for one in given)

# Only the web process pools: Celery would close the pool after every task.
if DB_POOL := env.int("DB_POOL", default=0):
    # A connection is tried before it is handed out, so that nobody gets one of a server that has gone. One that cannot
    # be made is given up soon and asked for anew: the pool's own waits between two tries double, up to minutes.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASE_OPTIONS["pool"] = {"min_size": 1, "max_size": DB_POOL, "timeout": 5, "reconnect_timeout": 2}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Valkey: the bell, the cache and the live stream -------------------------------------------------------------------

REDIS_URL = addresses.verified("REDIS_URL", required("REDIS_URL", in_development=LOCAL_FOLDER.redis_url()))
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = addresses.verified(
    "CELERY_BROKER_URL", env.str("CELERY_BROKER_URL", default="") or addresses.broker_url(REDIS_URL)
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A broker that is away is asked for until it is back, however long that takes; see watching.broker.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A message a killed worker held comes back after a minute; the sweepers do not wait for it.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60, "socket_timeout": 30}
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"
# A worker without -Q takes all of them; on a server each may have its own, so that nothing waits behind a long count.
CELERY_TASK_DEFAULT_QUEUE = "rest"
CELERY_TASK_QUEUES = [Queue("exits"), Queue("cycles"), Queue("rest")]
CELERY_TASK_ROUTES = {
    "copytrading.tasks.check_stop_losses": {"queue": "exits"},
    "copytrading.tasks.check_loss_limits": {"queue": "exits"},
    "copytrading.tasks.work_off_orders": {"queue": "exits"},
    "copytrading.tasks.sync_leads": {"queue": "cycles"},
    "copytrading.tasks.sync_lead": {"queue": "cycles"},
    "copytrading.tasks.sync_own_accounts": {"queue": "cycles"},
    "copytrading.tasks.sync_own": {"queue": "cycles"},
    "copytrading.tasks.look_at_limit_orders": {"queue": "cycles"},
}
# The timetable is in memory: no file that has to be written somewhere, and a ring too many does no harm.
CELERY_BEAT_SCHEDULER = "smartsync_site.watching.beating.BeatingScheduler"
CELERY_WORKER_MAX_MEMORY_PER_CHILD = env.int("WORKER_MEMORY_KILOBYTES", default=400_000)
CELERY_WORKER_MAX_TASKS_PER_CHILD = 20_000

# -- People ------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.identity.backends.PasswordBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
# One password, which can be seen as it is typed.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = env.str("ACCOUNT_EMAIL_VERIFICATION", default="optional" if DEVELOPMENT else "mandatory")
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if DEVELOPMENT else "https"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_ADAPTER = "accounts.identity.adapters.AccountAdapter"
# The outbox tells of what happens to somebody's sign-in, by every channel; the library would write a second mail.
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"{SMARTSYNC_BRAND.subject_prefix} ".lstrip()
# What the sign-up asks besides, in a browser and in an app: whose rules count, and the operator's own check.
ACCOUNT_SIGNUP_FORM_CLASS = "copytrading.forms.admission.signing_up.AdmissionForm"
ACCOUNT_FORMS = {
    "signup": "accounts.identity.forms.SignupForm",
    "reset_password": "accounts.identity.forms.ResetPasswordForm",
}
MFA_ADAPTER = "accounts.identity.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "add_webauthn": "accounts.identity.passkeys.AddPasskeyForm",
    "authenticate_webauthn": "accounts.identity.passkeys.AuthenticatePasskeyForm",
    "login_webauthn": "accounts.identity.passkeys.LoginPasskeyForm",
    "reauthenticate_webauthn": "accounts.identity.passkeys.ReauthenticatePasskeyForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT
# A passkey is offered right after the sign-up. Where addresses need not be confirmed to sign in, neither to add one.
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION != "mandatory"
MFA_TOTP_ISSUER = SMARTSYNC_BRAND.name

# Without a server of its own the demo keeps its mails in files, and shows them on a page.
MAILBOX_FOLDER = LOCAL_FOLDER.path / "mail"
EMAIL_CONFIG = addresses.mail_server(
    env.str("EMAIL_URL", default="")
    or (f"filemail:///{quote(str(MAILBOX_FOLDER))}" if DEVELOPMENT else "smtp://localhost:25")
)
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = SMARTSYNC_BRAND.sender(env.str("DEFAULT_FROM_EMAIL", default="") or "no-reply@localhost")
# Where links in mails lead; without it the first of the hosts.
SITE_URL = env.str("SITE_URL", default="") or (
    "http://localhost:8000" if DEVELOPMENT else f"https://{ALLOWED_HOSTS[0] if ALLOWED_HOSTS else 'localhost'}"
)

# Web push: what its key is made of. It stays: with another one everybody has to subscribe again. Empty: no push.
WEB_PUSH_SECRET = env.str("WEB_PUSH_SECRET", default="") or (LOCAL_FOLDER.secret("django") if DEVELOPMENT else "")
# The push services of browsers, by the end of their host; nothing is sent anywhere else.
WEB_PUSH_HOSTS = env.list(
    "WEB_PUSH_HOSTS",
    default=["fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com"],
)
# One on this machine, by host and port: for tests.
WEB_PUSH_LOCAL_HOSTS = env.list("WEB_PUSH_LOCAL_HOSTS", default=[]) if DEVELOPMENT else []

# Webhooks: the waits between attempts (the last one again, for a day), and the seconds that one attempt may take.
WEBHOOK_RETRY_SECONDS = [
    positive("WEBHOOK_RETRY_SECONDS", wait)
    for wait in env.list("WEBHOOK_RETRY_SECONDS", default=[]) or WEBHOOK_RETRY_SECONDS_DEFAULT
]
WEBHOOK_SECONDS_MAX = positive("WEBHOOK_SECONDS_MAX", env.str("WEBHOOK_SECONDS_MAX", default="") or "10")
# Days that what was sent is kept, with its attempts: longer than the week in which an event may still be spread.
WEBHOOK_LOG_DAYS = env.int("WEBHOOK_LOG_DAYS", default=30)
if WEBHOOK_LOG_DAYS <= WEBHOOK_LOG_DAYS_MIN:
    raise environ.ImproperlyConfigured(
        f"WEBHOOK_LOG_DAYS is {WEBHOOK_LOG_DAYS}; it is more than {WEBHOOK_LOG_DAYS_MIN}."
    )
# Days that what is kept of people is kept, beside WEBHOOK_LOG_DAYS: each at least as long as something reads it.
KEEP_NOTICES_DAYS = days("KEEP_NOTICES_DAYS", env.int("KEEP_NOTICES_DAYS", default=1100), at_least=100)
KEEP_DELIVERIES_DAYS = days("KEEP_DELIVERIES_DAYS", env.int("KEEP_DELIVERIES_DAYS", default=90), at_least=7)
KEEP_ENDED_DEVICES_DAYS = days("KEEP_ENDED_DEVICES_DAYS", env.int("KEEP_ENDED_DEVICES_DAYS", default=90), at_least=1)
KEEP_ANSWERS_DAYS = days("KEEP_ANSWERS_DAYS", env.int("KEEP_ANSWERS_DAYS", default=30), at_least=1)
KEEP_GATE_ANSWERS_DAYS = days("KEEP_GATE_ANSWERS_DAYS", env.int("KEEP_GATE_ANSWERS_DAYS", default=1825), at_least=31)
KEEP_ARCHIVES_DAYS = days("KEEP_ARCHIVES_DAYS", env.int("KEEP_ARCHIVES_DAYS", default=7), at_least=1)
# So long somebody may take back that they want to be erased.
ERASURE_DAYS = days("ERASURE_DAYS", env.int("ERASURE_DAYS", default=7), at_least=0)
# Ports that may be called beside 443.
WEBHOOK_PORTS = [int(port) for port in env.list("WEBHOOK_PORTS", default=[])]
if closed := [port for port in WEBHOOK_PORTS if not FREE_PORT_MIN <= port <= PORT_MAX]:
    raise environ.ImproperlyConfigured(
        f"WEBHOOK_PORTS has {closed[0]}; ports beside 443 are {FREE_PORT_MIN} to {PORT_MAX}."
    )
# Receivers on this machine, by host and port, also without TLS: for tests.
WEBHOOK_LOCAL_HOSTS = env.list("WEBHOOK_LOCAL_HOSTS", default=[]) if DEVELOPMENT else []

# -- Security ----------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "upgrade-insecure-requests": not DEVELOPMENT,
    }
}
# No form of ours and no request of the API needs more: see smartsync_site.middleware.doors.
REQUEST_BODY_BYTES_MAX = 256 * 1024
REQUEST_BODY_SECONDS_MAX = 30
# Before a body comes the head: see smartsync_site.middleware.heads. Proxies of ours have the same bounds.
REQUEST_HEAD_BYTES_MAX = 32 * 1024
REQUEST_HEAD_SECONDS_MAX = 10
# Live streams at a time in one web process: of one person, and from one address with everybody who is behind it.
STREAMS_PER_PERSON = env.int("STREAMS_PER_PERSON", default=20)
STREAMS_PER_ADDRESS = env.int("STREAMS_PER_ADDRESS", default=200)
if not 1 <= STREAMS_PER_PERSON <= STREAMS_PER_ADDRESS:
    raise environ.ImproperlyConfigured(
        f"STREAMS_PER_PERSON is {STREAMS_PER_PERSON} and STREAMS_PER_ADDRESS is {STREAMS_PER_ADDRESS}; a person may"
        " open one at least, and an address not fewer than a person."
    )
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BODY_BYTES_MAX
# Where the head of the audit is written once a day, signed, to be carried away.
AUDIT_FOLDER = env.str("AUDIT_FOLDER", default="") or str(LOCAL_FOLDER.path / "audit")
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

if not DEVELOPMENT:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/"]  # probes come from inside and speak plain http
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    if TRUSTED_PROXY_COUNT:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
elif LOCAL_FOLDER.brand:
    # Browsers show a cookie to every port of a machine: brands beside each other must not end each other's sign-ins.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"sessionid-{LOCAL_FOLDER.brand}", f"csrftoken-{LOCAL_FOLDER.brand}"

# -- Language, time, files ---------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_HASHED = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STATICFILES_PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": STATICFILES_PLAIN if DEVELOPMENT else STATICFILES_HASHED},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEVELOPMENT

# -- The API -----------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.tokens.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "accounts.api.answering.schema.DescribedSchema",
    "EXCEPTION_HANDLER": "copytrading.api.problems.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DESCRIPTION_HOOKS = [
    "drf_spectacular.hooks.postprocess_schema_enums",
    "accounts.api.answering.schema.close_requests",
    "copytrading.api.schema.list_codes",
    "copytrading.api.schema.speak_for_the_brand",
]
SPECTACULAR_SETTINGS = {
    "TITLE": SMARTSYNC_BRAND.name,
    "DESCRIPTION": SMARTSYNC_BRAND.tagline,
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "CopyStatus": "copytrading.queries.statuses.COPY",
        "FlowStatus": "copytrading.queries.statuses.FLOW",
        "FlowKind": "copytrading.queries.statuses.FLOW_KIND",
        "LeadStatus": "copytrading.queries.statuses.LEAD",
        "LeadOrderStatus": "copytrading.queries.statuses.LEAD_ORDER",
        "InvitationState": "copytrading.queries.leading.invitations.InvitationState",
        "LinkStatus": "copytrading.queries.statuses.LINK",
        "NoticeKind": "copytrading.queries.statuses.NOTICE_KIND",
        "NoticeTopic": "copytrading.queries.hooks.wanted.topic_labels",
        "NoticeChannel": "copytrading.queries.notices.kinds.Channel",
        "MailRhythm": "copytrading.queries.notices.habits.Rhythm",
        "OrderStatus": "copytrading.queries.statuses.ORDER",
        "ProfitShareKind": "copytrading.queries.statuses.SHARE_KIND",
        "AdjustmentReason": "copytrading.engine.adjustments.Reason",
        "ReceiptKind": "copytrading.queries.happened.activity.KINDS",
        "SizingMode": "copytrading.queries.statuses.MODE",
        "RatioMode": "copytrading.queries.statuses.RATIO_MODE",
        "JournalKind": "accounts.models.Journal.Kind",
        "TransferStatus": "accounts.models.Transfer.Status",
        "TransferVerdict": "accounts.models.Transfer.Verdict",
        "WebhookStatus": "copytrading.queries.hooks.wanted.STATUSES",
        "WebhookEvent": "copytrading.queries.hooks.wanted.EVENTS",
        "WebhookDeliveryState": "copytrading.queries.hooks.wanted.DELIVERY_STATES",
        "EventKind": "copytrading.queries.hooks.wanted.EVENT_KINDS",
    },
    "POSTPROCESSING_HOOKS": DESCRIPTION_HOOKS,
    "WEBHOOKS": ["copytrading.api.telling.events.EVENT"],
    "SWAGGER_UI_DIST": "SIDECAR",
    # A link to each operation would stand inside of the button that opens it: one of them is for nobody.
    # And of some hundred and thirty operations at once the library draws the first few and stops: groups are opened.
    "SWAGGER_UI_SETTINGS": {"deepLinking": False, "docExpansion": "none"},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
# Of the description that `make clients` generates from: a client reads whole answers only.
SPECTACULAR_FOR_CLIENTS = {
    "POSTPROCESSING_HOOKS": [*DESCRIPTION_HOOKS, "accounts.api.answering.schema.leave_out_sparse"]
}

# The sign-in library's steps for apps, under /api/identity/.
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "accounts.api.identity.DeviceTokens"

# -- What the platform says about itself -------------------------------------------------------------------------------

LOGGING = logs.logging_settings(development=DEVELOPMENT, level=env.str("LOG_LEVEL", default="INFO"))
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logs.DEBUG
# A ring that came too late was dropped on purpose: the next one is on its way.
DJANGO_STRUCTLOG_CELERY_TASK_RETRY_LOG_LEVEL = logs.DEBUG
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logs.DEBUG
DJANGO_STRUCTLOG_STATUS_2XX_LOG_LEVEL = logs.DEBUG if DEVELOPMENT else logs.INFO
DJANGO_STRUCTLOG_REQUEST_CANCELLED_LOG_LEVEL = logs.DEBUG  # a closed tab ends its live stream: no event
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # it believes what a client says of itself; accounts.apps binds ours
PROMETHEUS_EXPORT_MIGRATIONS = False
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
