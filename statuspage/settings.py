"""All settings, from the environment only; `docs/reference/settings.md` describes each name.

A missing secret or a value that cannot be read stops the process with the name of the variable.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from public_pages.hosts import AllowedHosts
from statuspage import env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("CANDOR_DATA", str(BASE_DIR / "var"))).resolve()

# ---- secrets and hosts ---------------------------------------------------------------------
DEBUG = env.flag("CANDOR_DEBUG")
SECRET_KEY = env.secret("SECRET_KEY")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Set SECRET_KEY or SECRET_KEY_FILE; `bin/up` and `bin/manage` "
            "keep one in the data folder by themselves."
        )
    SECRET_KEY = "only-for-debugging"
# Earlier keys, by which stored secrets and open sessions can still be read.
SECRET_KEY_FALLBACKS = env.secret("SECRET_KEY_FALLBACKS").split()

# The version in pyproject.toml; a test compares them.
VERSION = "0.1.0"
CANDOR_ORIGIN = env.origin("CANDOR_ORIGIN", "http://127.0.0.1:8000")
_origin = urlsplit(CANDOR_ORIGIN)
# The main host's names, with the console. Absolute links are made from CANDOR_ORIGIN and from the
# pages' own names alone; a foreign Host header is refused.
_main_host = (_origin.hostname or "").removesuffix(".")
MAIN_HOSTS = [
    f"[{_main_host}]" if ":" in _main_host else _main_host,
    "localhost",
    "127.0.0.1",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [CANDOR_ORIGIN]
# Sub-pages are host names below this one, where every such name leads here; else paths (/s/<slug>).
CANDOR_SERVICE_DOMAIN = env.host("CANDOR_SERVICE_DOMAIN")
USE_X_FORWARDED_HOST = False
TRUSTED_PROXY_HOPS = env.number("TRUSTED_PROXY_HOPS", 0)
_is_https = _origin.scheme == "https"

# ---- apps ------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "statuspage.console_app.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "template_partials",
    "django_htmx",
    "auditlog",
    "axes",
    "allauth.account",
    "allauth.mfa",
    "accounts",
    "api",
    "branding",
    "catalog",
    "common",
    "components",
    "custom_domains",
    "customer_pages",
    "importing",
    "incidents",
    "leaktest",
    "management_api",
    "monitoring",
    "notifications",
    "observability",
    "public_pages",
    "sla",
    "statuspage",
    "subscribers",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "statuspage.body_limit.BodyLimitMiddleware",
    "statuspage.middleware.TrustedProxyMiddleware",
    "statuspage.middleware.MainHostMiddleware",
    "statuspage.middleware.ContentSecurityPolicyMiddleware",
    "customer_pages.middleware.CustomerHostMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "statuspage.middleware.SessionLimitsMiddleware",
    "statuspage.middleware.ActorMiddleware",
    "statuspage.operator_mark.OperatorMarkMiddleware",
]
ROOT_URLCONF = "statuspage.urls"
WSGI_APPLICATION = "statuspage.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# ---- stores --------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", sqlite_path=DATA_DIR / "candor.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
BROKER_URL = env.text("BROKER_URL")
BROKER_DIR = DATA_DIR / "broker"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
PUBLISHED_DIR = DATA_DIR / "published"
# Never "*": a check against the verified names in the published folder (reliability A1).
ALLOWED_HOSTS = AllowedHosts(MAIN_HOSTS, root=PUBLISHED_DIR, domain=CANDOR_SERVICE_DOMAIN)

# ---- sessions, passwords, transport ----------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
SESSION_COOKIE_AGE = 7 * 24 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if _is_https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_HOPS else None
# The proxy that ends TLS redirects; subdomains and preloading are the domain owner's decision.
# The console itself answers somebody who is locked out, without the middleware of axes.
# Report and manager routes take doubled slashes, so their patterns begin with one (protocols 12).
SILENCED_SYSTEM_CHECKS = [
    "security.W005",
    "security.W008",
    "security.W021",
    "urls.W002",
    "axes.W002",
]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Named like Django 6's setting, so that our middleware can go when we get there.
SECURE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"

# ---- signing in: throttled by axes, second step by allauth ----------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Counted in the database for user and address together: it holds with Redis down, and nobody can
# lock a colleague out from elsewhere.
AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SESSION_IDLE = timedelta(hours=8)
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_CHANGE_EMAIL = True  # of allauth's own addresses, which are not used, at most one
# Its limits count in a cache, which Candor has none of: `accounts.second_step` counts.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_LOGIN_TIMEOUT = 300  # seconds for the second step, and with it for a passkey's challenge
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_FORMS = {"reauthenticate": "accounts.second_step.PasswordForm"}
MFA_ADAPTER = "accounts.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "accounts.second_step.CodeForm",
    "reauthenticate": "accounts.second_step.CodeAgainForm",
    "activate_totp": "accounts.second_step.FirstCodeForm",
    "add_webauthn": "accounts.second_step.NewPasskeyForm",
    "authenticate_webauthn": "accounts.second_step.PasskeyForm",
    "reauthenticate_webauthn": "accounts.second_step.PasskeyAgainForm",
}

# ---- audit log ---------------------------------------------------------------------------------
AUDITLOG_LOGENTRY_MODEL = "accounts.AuditEntry"
# Its own table stays out: nothing is kept there, and its foreign keys would be in the way.
MIGRATION_MODULES = {"auditlog": None}
AUDITLOG_MASK_CALLABLE = "common.auditing.hide"
AUDITLOG_CID_HEADER = None  # nothing that a client sends gets into the log
AUDITLOG_DISABLE_ON_RAW_SAVE = True

# ---- uploads -----------------------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# ---- language and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# Of pages and what their subscribers get; the console speaks English. No middleware reads what
# language a browser asks for: a page has one, and caches need not keep two of it.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = "statuspage.formats"
TIME_ZONE = "UTC"

# ---- static files ----------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "management_api.static_files.ApiDocsFinder",
]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "statuspage.static_storage.ConsoleStaticStorage"
    },
}

# ---- mail ------------------------------------------------------------------------------------------
vars().update(env.email("EMAIL_URL"))
EMAIL_TIMEOUT = 30
# Connections to the mail server that one run keeps, and how many mails a second all workers together
# may send; 0: as fast as the server takes them.
EMAIL_CONNECTIONS = env.number("CANDOR_MAIL_CONNECTIONS", 16, at_least=1)
EMAIL_PER_S = env.number("CANDOR_MAIL_PER_S", 0)
# Mail that comes back is addressed to this domain, one address for each mail; empty: to EMAIL_FROM.
BOUNCE_DOMAIN = env.text("CANDOR_BOUNCE_DOMAIN")
# The hooks by which providers of mail report what came back; there are none without the secret.
ANYMAIL = env.anymail("CANDOR_MAIL_HOOK_SECRET", options=env.secret("CANDOR_ANYMAIL"))
# Who is asked, just before a message leaves, whether its recipient still wants it.
DELIVERY_GRANTS = {
    "subscriber": "subscribers.granting.still_granted",
    "reader": "subscribers.granting.still_readers",
    "sign-in": "customer_pages.signing_in.still_granted",
}
# Who says, of a kind of them, why it is not sent.
DELIVERY_GRANT_REASONS = {
    "subscriber": "subscribers.granting.reasons",
    "reader": "subscribers.granting.reasons",
}
# Who else keeps anything of a person: to erase it with them, and to tell it in the file of a mailbox.
PERSON_ERASERS = ("customer_pages.forgetting.erase", "management_api.forgetting.erase")
PERSON_FILES = {"customer_pages": "customer_pages.forgetting.everything_about"}
# Who knows the events that visitors can follow.
FOLLOWABLE_EVENTS = "incidents.following.find"
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"status@{_origin.hostname}")

# ---- monitoring ------------------------------------------------------------------------------------
ALLOW_PRIVATE_TARGETS = env.flag("CANDOR_ALLOW_PRIVATE_TARGETS")
WITNESSES = env.text("CANDOR_WITNESSES").split()
# The slug of the location that this worker checks from; empty for the central one.
LOCATION = env.text("CANDOR_LOCATION")
IS_DEMO = env.flag("CANDOR_DEMO")
SAMPLE_RETENTION_DAYS = env.number("CANDOR_SAMPLE_RETENTION_DAYS", 90, at_least=1)
ROLLUP_RETENTION_DAYS = env.number("CANDOR_ROLLUP_RETENTION_DAYS", 400, at_least=91)

# ---- custom domains ----------------------------------------------------------------------------------
# The addresses of the proxy in front, for domains that point here by A and AAAA records.
PUBLIC_ADDRESSES = env.addresses("CANDOR_PUBLIC_ADDRESSES")
# Who is asked what the world sees of a domain's records, beside the servers of its own zone.
DNS_RESOLVERS = env.servers("CANDOR_DNS_RESOLVERS", "1.1.1.1 9.9.9.9", port=53)
DNS_PORT = env.number("CANDOR_DNS_PORT", 53, at_least=1)
# Where our own proxy takes TLS: a handshake there makes it get the certificate of a new domain.
PROXY_TLS = env.endpoint("CANDOR_PROXY_TLS", port=443)
if PROXY_TLS is None and _is_https:
    PROXY_TLS = (_origin.hostname or "localhost", _origin.port or 443)

# ---- reports ---------------------------------------------------------------------------------------
PUSH_GRACE_S = env.number("CANDOR_PUSH_GRACE_S", 20)
LOCAL_GRACE_S = env.number("CANDOR_LOCAL_GRACE_S", 40)
REPLICAS_PER_NODE = env.number("CANDOR_REPLICAS_PER_NODE", 200, at_least=1)
GONE_REPLICA_KEPT_H = env.number("CANDOR_GONE_REPLICA_KEPT_H", 24, at_least=1)
ALERTS_KEPT_H = env.number("CANDOR_ALERTS_KEPT_H", 12, at_least=1)
REPORTS_PER_S = env.number("CANDOR_REPORTS_PER_S", 10, at_least=1)
REPORTS_BURST = env.number("CANDOR_REPORTS_BURST", 60, at_least=1)

# ---- notifications ---------------------------------------------------------------------------------
# Where the channels call; a host may begin with "*." for any name below it.
ALLOW_PRIVATE_HOOKS = env.flag("CANDOR_ALLOW_PRIVATE_HOOKS")
# The same for hooks that visitors give, who may be anybody.
ALLOW_PRIVATE_VISITOR_HOOKS = env.flag("CANDOR_ALLOW_PRIVATE_VISITOR_HOOKS")
SLACK_HOSTS = env.text("CANDOR_SLACK_HOSTS", "hooks.slack.com hooks.slack-gov.com").split()
DISCORD_HOSTS = env.text("CANDOR_DISCORD_HOSTS", "discord.com *.discord.com discordapp.com").split()
TEAMS_HOSTS = env.text(
    "CANDOR_TEAMS_HOSTS", "*.logic.azure.com *.api.powerplatform.com *.webhook.office.com"
).split()
PUSH_HOSTS = env.text(
    "CANDOR_PUSH_HOSTS",
    "fcm.googleapis.com *.push.services.mozilla.com *.push.apple.com *.notify.windows.com",
).split()
# X: the app that operators sign in through, and where it is reached.
X_URL = env.origin("CANDOR_X_URL", "https://api.x.com")
X_SIGN_IN_URL = env.text("CANDOR_X_SIGN_IN_URL", "https://x.com/i/oauth2/authorize")
X_CLIENT_ID = env.text("CANDOR_X_CLIENT_ID", "")
X_CLIENT_SECRET = env.text("CANDOR_X_CLIENT_SECRET", "")
TELEGRAM_URL = env.origin("CANDOR_TELEGRAM_URL", "https://api.telegram.org")
PUSHOVER_URL = env.origin("CANDOR_PUSHOVER_URL", "https://api.pushover.net")
PAGERDUTY_URL = env.origin("CANDOR_PAGERDUTY_URL", "https://events.pagerduty.com")
OPSGENIE_URL = env.origin("CANDOR_OPSGENIE_URL", "https://api.opsgenie.com")

# ---- text messages ---------------------------------------------------------------------------------
TWILIO_URL = env.origin("CANDOR_TWILIO_URL", "https://api.twilio.com")
TWILIO_SID = env.text("CANDOR_TWILIO_SID")
TWILIO_TOKEN = env.secret("CANDOR_TWILIO_TOKEN")
# While the token is being replaced, what is signed with the one before is believed too.
TWILIO_TOKEN_BEFORE = env.secret("CANDOR_TWILIO_TOKEN_BEFORE")
SMS_FROM = env.text("CANDOR_SMS_FROM")
# One a second is what an ordinary long number carries.
SMS_PER_S = env.number("CANDOR_SMS_PER_S", 1)
# The address that the provider was told to call; its signature is over exactly this.
SMS_HOOK_URL = env.text("CANDOR_SMS_HOOK_URL", f"{CANDOR_ORIGIN}/hooks/sms/twilio")
# Where the provider reports what became of each message. It refuses addresses that it cannot call.
SMS_STATUS_URL = env.text(
    "CANDOR_SMS_STATUS_URL",
    f"{CANDOR_ORIGIN}/hooks/sms/twilio/status" if CANDOR_ORIGIN.startswith("https://") else "",
)
# Words that count as STOP, START or HELP besides the English ones, for the languages of your readers.
SMS_STOP_WORDS = env.text("CANDOR_SMS_STOP_WORDS").split()
SMS_START_WORDS = env.text("CANDOR_SMS_START_WORDS").split()
SMS_HELP_WORDS = env.text("CANDOR_SMS_HELP_WORDS").split()

# ---- programs of others ----------------------------------------------------------------------------
# For clients that know no other verb: a GET with a token changes a status (AMB-10).
ESTATUS_GET_CHANGES = env.flag("CANDOR_ESTATUS_GET_CHANGES")
# Requests of one access token a minute, over all processes.
API_PER_MINUTE = env.number("CANDOR_API_PER_MINUTE", 600, at_least=1)

# ---- what Candor says of itself ----------------------------------------------------------------------
# Free megabytes on the disk of the data below which /readyz says so.
DISK_LEFT_MB = env.number("CANDOR_DISK_LEFT_MB", 200)
METRICS_TOKEN = env.secret("CANDOR_METRICS_TOKEN")
METRICS_NETWORKS = env.networks("CANDOR_METRICS_NETWORKS")
HEARTBEAT_URL = env.url("CANDOR_HEARTBEAT_URL")

# ---- customer pages ----------------------------------------------------------------------------------
# How long, in seconds, one process keeps in memory what all customer pages are cut from.
CUSTOMER_WORLD_KEPT_S = 1.0

# ---- logs ------------------------------------------------------------------------------------------
_LOG_FORMAT = env.choice("CANDOR_LOG_FORMAT", ("plain", "json"))
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(levelname)s %(name)s: %(message)s"},
        "json": {"()": "statuspage.json_logs.JsonFormatter"},
    },
    # Addresses may hold the token of a live link.
    "filters": {"mask": {"()": "statuspage.log_masking.MaskTokens"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": _LOG_FORMAT, "filters": ["mask"]}
    },
    "root": {"handlers": ["console"], "level": env.text("CANDOR_LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "axes": {"level": "WARNING"},  # tells of every sign-in, with the whole address of a link
        "celery": {"level": "WARNING"},
        "kombu": {"level": "ERROR"},  # warns of a missing host name for the file broker
    },
}
