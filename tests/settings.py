"""The product's own settings, in a data folder that goes with the run."""

import atexit
import os
import tempfile
from pathlib import Path

if "ETALAGE_DATA" not in os.environ:  # a process that is killed would leave another one behind
    _folder = tempfile.TemporaryDirectory(prefix="etalage-tests-")
    atexit.register(_folder.cleanup)
    os.environ["ETALAGE_DATA"] = _folder.name
_data = Path(os.environ["ETALAGE_DATA"])
_process = os.environ.get("PYTEST_XDIST_WORKER", "")
# Processes that share a folder would find each other's journal and clicks.
if _process and _data.name != _process:
    _data = _data / _process
    _data.mkdir(parents=True, exist_ok=True)
    os.environ["ETALAGE_DATA"] = str(_data)
os.environ.setdefault("ETALAGE_SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ.setdefault("ETALAGE_SECRET_KEYS", "first-test-key-" + "y" * 40)
os.environ.setdefault("ETALAGE_PUBLIC_ADDRESS", "http://localhost:8000")

from etalage.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Each test client makes the middleware anew, which would list all static files each time.
SERVESTATIC_USE_FINDERS = False
SERVESTATIC_USE_STATIC_ROOT = False
