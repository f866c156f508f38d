"""What the surroundings name, before any setting is read."""

import os
from pathlib import Path

import environ

PROJECT = Path(__file__).resolve().parent.parent


def read_env_file() -> None:
    """Take over what `.env` names and the environment does not."""
    file = PROJECT / ".env"
    if file.exists():
        environ.Env.read_env(str(file))


def is_configured() -> bool:
    """Tell whether anybody has named a server or a secret key: then nothing is assumed."""
    return any(os.environ.get(name) for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"))
