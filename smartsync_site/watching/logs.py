"""How the platform speaks: one event a line, readable at a terminal, JSON on a server, never a secret."""

import logging
from typing import Any

import structlog

DEBUG, INFO = logging.DEBUG, logging.INFO

SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "api_key", "private_key")


def hide_secrets(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Blank every value whose name says that it is nobody's business."""
    for name in event:
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = "(hidden)"
    return event


SHARED_PROCESSORS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
    hide_secrets,
]


def logging_settings(*, development: bool, level: str) -> dict[str, Any]:
    """Return Django's LOGGING, and route structlog through it, so that libraries and our own lines look alike."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = (
        # Plain, because a traceback that shows the values of variables shows passwords and keys among them.
        [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback)]
        if development
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
                "foreign_pre_chain": SHARED_PROCESSORS,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["console"], "propagate": False},
            # Every answer is one line of django-structlog already.
            "django.request": {"level": "ERROR"},
            "uvicorn.access": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            # On DEBUG they write down requests with their keys and signatures.
            "ccxt": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
        },
    }
