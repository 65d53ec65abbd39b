"""Django settings; everything that varies comes from the environment.

| variable | meaning | default |
| --- | --- | --- |
| PROTOCORD_DATABASE_URL | `sqlite:///path/to/file` or `postgres://user:password@host:port/name` | `sqlite:///protocord.sqlite3` in the working folder |
| PROTOCORD_SECRET_KEY | signs sessions; at least 50 characters | a new one at each start: everybody signs in again |
| PROTOCORD_VAULT_KEY | encrypts identities; newest key first, older ones after commas | none: the identity vault stays shut |
| PROTOCORD_PLAIN_HTTP | `1` for a demonstration on this machine: no TLS asked for, keys need not last | `0` |
| PROTOCORD_ALLOWED_HOSTS | host names, comma-separated | `localhost,127.0.0.1,[::1]` |
| PROTOCORD_BEHIND_PROXY | `1` where a proxy in front speaks TLS and sets X-Forwarded-Proto itself | `0` |
| PROTOCORD_STUDIES | folders of studies, separated as in PATH | the studies shipped with the package |
| PROTOCORD_STATIC | folder that `collectstatic` filled | none: files are served from where the packages keep them |

`protocord.store.readiness` refuses to serve in production while something that must be set is not.
"""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy

from protocord.store.engines import database_from_url

# Never on: a page that shows settings and code to whoever mistypes an address has no place beside children's data.
DEBUG = False
PLAIN_HTTP = os.environ.get("PROTOCORD_PLAIN_HTTP", "0") == "1"
SECRET_KEY = os.environ.get("PROTOCORD_SECRET_KEY") or secrets.token_urlsafe(64)
SECRET_KEY_IS_LASTING = bool(os.environ.get("PROTOCORD_SECRET_KEY"))
ALLOWED_HOSTS = [host for host in os.environ.get("PROTOCORD_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if host]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if not host.startswith((".", "*"))]

PROTOCORD_VAULT_KEYS = tuple(key for key in os.environ.get("PROTOCORD_VAULT_KEY", "").split(",") if key)
PROTOCORD_STUDIES = tuple(Path(part) for part in os.environ.get("PROTOCORD_STUDIES", "").split(os.pathsep) if part)

# --- the application -------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "protocord.store",
    "protocord.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "protocord.store.sessions.IdleTimeout",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Last, as its documentation asks: it turns a refused sign-in into the lockout answer.
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "protocord.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The pages' own folder comes first, so that sign-in pages may replace the library's.
        "DIRS": [Path(__file__).parent / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    },
]

# --- the database ----------------------------------------------------------------------------------------------------

DATABASES = {"default": database_from_url(os.environ.get("PROTOCORD_DATABASE_URL", "sqlite:///protocord.sqlite3"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- who a person is -------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "store.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: a locked-out name is refused before any password is looked at
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "protocord.store.accounts.ClosedAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_SESSION_REMEMBER = True  # no question at sign-in: every session has the same idle timeout
ACCOUNT_SESSION_COOKIE_AGE = 30 * 60
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60
# Failed sign-ins are axes' matter (it keeps them in the database, so that a restart forgets nothing).
ACCOUNT_RATE_LIMITS = {"login_failed": None}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "protocord.store.accounts.SealedMFAAdapter"
MFA_TOTP_ISSUER = "Protocord"

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "protocord.store.signins.username_of"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- sessions, cookies, transport ------------------------------------------------------------------------------------

SESSION_COOKIE_AGE = 30 * 60  # seconds without a request; `store.sessions.IdleTimeout` starts it again
SESSION_EXPIRE_AT_BROWSER_CLOSE = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = not PLAIN_HTTP
CSRF_COOKIE_SECURE = not PLAIN_HTTP
SECURE_SSL_REDIRECT = not PLAIN_HTTP
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("PROTOCORD_BEHIND_PROXY") == "1" else None
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = not PLAIN_HTTP
SECURE_HSTS_PRELOAD = not PLAIN_HTTP
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # allauth hands the one-time password's QR code as a data: image
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    },
}

# --- languages, time, static files -----------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", gettext_lazy("English")), ("zh-hans", gettext_lazy("Simplified Chinese"))]
LOCALE_PATHS = [Path(__file__).parent / "web" / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = not PLAIN_HTTP
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ["PROTOCORD_STATIC"]) if os.environ.get("PROTOCORD_STATIC") else None
# No collectstatic step is needed to run: whitenoise serves the files where the packages keep them.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = PLAIN_HTTP

# --- log -------------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
