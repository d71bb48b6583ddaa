"""Django settings, read from the environment (`ETALAGE_…`) and from `etalage.env` in the data folder."""

from __future__ import annotations

import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from etalage.environment import Environment
from etalage.kit.redact import never_show
from etalage.networks import inside
from etalage.networks.bluesky import directory
from etalage.publishing.delivery.pace import read_pace

PACKAGE = Path(__file__).resolve().parent
ENV = Environment.load(os.environ)

DATA = ENV.data_folder
DEMO = ENV.flag("ETALAGE_DEMO")
DEBUG = ENV.flag("ETALAGE_DEBUG")
SECRET_KEY = ENV.text("ETALAGE_SECRET_KEY", "unset-secret-key")
SECRET_KEYS = ENV.words("ETALAGE_SECRET_KEYS")
PUBLIC_ADDRESS = ENV.text("ETALAGE_PUBLIC_ADDRESS", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = ENV.hosts(PUBLIC_ADDRESS)
CSRF_TRUSTED_ORIGINS = [PUBLIC_ADDRESS]
SECURE_HTTPS = PUBLIC_ADDRESS.startswith("https://")
MAX_UPLOAD_BYTES = 512 * 1024 * 1024
# Bodies larger than these are not even kept while they arrive: files to import, and pages with pictures.
MAX_IMPORT_BODY_BYTES = MAX_UPLOAD_BYTES + 1024 * 1024
MAX_BODY_BYTES = 128 * 1024 * 1024

INSTALLED_APPS = [
    "etalage.web",
    "etalage.insights",
    "etalage.orders",
    "etalage.publishing",
    "etalage.channels",
    "etalage.catalogue",
    "etalage.customers",
    "etalage.imports",
    "etalage.accounts",
    "etalage.jobs",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "django_tasks",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
]

MIDDLEWARE = [
    "etalage.web.middleware.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "etalage.web.middleware.LanguageMiddleware",
    "etalage.web.bodies.BodyLimitMiddleware",
    "etalage.web.bodies.NulMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "etalage.web.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "etalage.urls"
ASGI_APPLICATION = "etalage.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "etalage.web.context.shell",
            ],
        },
    },
]
FORM_RENDERER = "etalage.web.forms.EtalageFormRenderer"

DATABASES = {"default": ENV.database()}
# Attempts to sign in and spent codes are counted here: in the database, so that the limits hold over processes.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "etalage_cache"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.Member"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "web:home"
ACCOUNT_ADAPTER = "etalage.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # a stranger cannot have us write to whomever they like
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_FORMS = {"add_email": "etalage.accounts.addresses.AddressForm"}
MFA_ADAPTER = "etalage.accounts.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up: an owner wrote each address
MFA_FORMS = {"add_webauthn": "etalage.accounts.passkeys.PasskeyForm"}
MFA_TOTP_ISSUER = "Etalage"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE_HTTPS

SESSION_COOKIE_NAME = "__Host-etalage" if SECURE_HTTPS else "etalage"
SESSION_COOKIE_SECURE = SECURE_HTTPS
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
CSRF_COOKIE_SECURE = SECURE_HTTPS
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_HTTPS else "csrf"
CSRF_FAILURE_VIEW = "etalage.web.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if SECURE_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.flag("ETALAGE_BEHIND_PROXY") else None
# Behind a proxy, who calls is the last address that the proxy noted; without one the header is not believed.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if ENV.flag("ETALAGE_BEHIND_PROXY") else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("nl", _("Dutch")), ("ar", _("Arabic"))]
LOCALE_PATHS = [PACKAGE / "locale"]
LANGUAGE_COOKIE_NAME = "language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = DATA / "static"
MEDIA_URL = "media/"
MEDIA_ROOT = DATA / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "etalage.web.static_files.VersionedStorage"},
}
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = False
SERVESTATIC_MAX_AGE = 7 * 24 * 3600  # addresses carry the version
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

EMAIL_BACKEND, EMAIL_FILE_PATH, EMAIL_SETTINGS = ENV.email()
globals().update(EMAIL_SETTINGS)
DEFAULT_FROM_EMAIL = ENV.text("ETALAGE_EMAIL_FROM", "etalage@localhost")

TASKS = {"default": {"BACKEND": "etalage.jobs.backend.LeasedBackend", "QUEUES": []}}

# For runs under faults only, as JSON: {"lease": 1.5, …}, in seconds.
DELIVERY_PACE = ENV.read("ETALAGE_DELIVERY_PACE", read_pace)
PRACTICE_NETWORK = ENV.text("ETALAGE_PRACTICE_NETWORK", "")
inside.allow(ENV.words("ETALAGE_INSIDE_NETWORKS"))
directory.use(ENV.text("ETALAGE_BLUESKY_DIRECTORY"))
never_show(
    [
        SECRET_KEY,
        *SECRET_KEYS,
        EMAIL_SETTINGS.get("EMAIL_HOST_PASSWORD", ""),
        DATABASES["default"].get("PASSWORD", ""),
    ]
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "etalage.kit.redact.WithoutSecrets",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {
        # The level stands here too: Django's own loggers have levels that the root's does not bound.
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "level": ENV.text("ETALAGE_LOG", "WARNING"),
        }
    },
    "root": {"handlers": ["console"], "level": ENV.text("ETALAGE_LOG", "WARNING")},
}
