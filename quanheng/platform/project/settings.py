"""Django settings, all read through one typed loader."""

from __future__ import annotations

from csp.constants import NONE, SELF

from quanheng.platform.project import config as _config

QUANHENG = _config.load()
QUANHENG.data_dir.mkdir(parents=True, exist_ok=True)
SECRET_KEY = _config.secret(QUANHENG, "django-secret")
DEBUG = False
ALLOWED_HOSTS = list(QUANHENG.allowed_hosts)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_tasks",
    "django_tasks_db",
    "quanheng.platform.kernel",
    "quanheng.platform.web",
    "quanheng.platform.compute",
    "quanheng.platform.law",
    "quanheng.platform.catalog",
    "quanheng.platform.parties",
    "quanheng.platform.documents",
    "quanheng.platform.trace",
    "quanheng.platform.instruments",
    "quanheng.platform.standards",
    "quanheng.platform.verification",
    "quanheng.platform.certificates",
    "quanheng.platform.surveillance",
    "quanheng.platform.project",
    # Below ours, so that our templates come first.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_tables2",
    "django_filters",
    "crispy_forms",
    "crispy_bootstrap5",
    "ninja",
]

MIDDLEWARE = [
    "quanheng.platform.kernel.middleware.ActorMiddleware",  # first: gives every line of log its request id
    "quanheng.platform.project.middleware.Observe",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "quanheng.platform.project.middleware.Headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "quanheng.platform.project.middleware.LanguageParameter",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "quanheng.platform.project.middleware.SessionAge",
    "quanheng.platform.project.middleware.LoginRequired",
    "quanheng.platform.project.middleware.SecondFactorRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "quanheng.platform.project.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "quanheng.platform.web.context.shell",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "web/table.html"

DATABASES = {"default": _config.database(QUANHENG)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
CACHES = {
    # Shared by the processes of one machine: attempts to sign in are counted here.
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(QUANHENG.data_dir / "cache"),
        "OPTIONS": {"MAX_ENTRIES": 10_000},  # of the 300 that Django allows, a third goes at random, locks among them
    },
    # Each process its own: rates of public pages.
    "memory": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 50_000}},
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False
FORMAT_MODULE_PATH = ["quanheng.platform.project.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = QUANHENG.data_dir / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "quanheng.platform.project.storage.StaticStorage"},
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

# Who may come in.
AUTH_USER_MODEL = "kernel.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "quanheng.platform.project.accounts.validators.GuessableValidator"},
    {"NAME": "quanheng.platform.project.accounts.validators.BreachedValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_ADAPTER = "quanheng.platform.project.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "quanheng.platform.project.accounts.forms.ForgottenForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
LOCK_MINUTES = 5  # after five wrong passwords for one name
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": f"20/m/ip,5/{LOCK_MINUTES}m/key",
    "reset_password": "10/m/ip,3/h/key",
    "reauthenticate": "10/m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES = QUANHENG.trusted_proxies
MFA_ADAPTER = "quanheng.platform.project.accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {"add_webauthn": "quanheng.platform.project.accounts.forms.PasskeyForm"}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Quanheng"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not QUANHENG.secure
SESSION_COOKIE_AGE = QUANHENG.absolute_seconds
SESSION_COOKIE_NAME = "qh_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = QUANHENG.secure
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "quanheng.platform.project.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [QUANHENG.base_url] if QUANHENG.secure else []

# What browsers are told.
if QUANHENG.secure:
    SECURE_HSTS_SECONDS = 31_536_000
if QUANHENG.trusted_proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"  # a certificate under review is shown inside our own page
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "style-src-attr": [
            "'unsafe-inline'"
        ],  # tooltips of charts are placed by style attributes; scripts are not concerned
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [SELF],
        "form-action": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
    }
}

for _name, _value in _config.email(QUANHENG).items():
    globals()[_name] = _value
DEFAULT_FROM_EMAIL = SERVER_EMAIL = QUANHENG.email_from

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "quanheng.platform.project.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": QUANHENG.log_level},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": QUANHENG.log_level, "propagate": False},
        "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "django.security.csrf": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
    },
}
