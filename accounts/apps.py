from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.http import HttpRequest


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and money"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account.signals import user_signed_up
        from allauth.mfa import signals as factor_signals
        from django_structlog.signals import bind_extra_request_metadata

        from accounts import wallet
        from accounts.database import array_parameters, database_role
        from accounts.identity import events

        array_parameters.register()
        post_migrate.connect(database_role.grant_runtime_role, dispatch_uid="accounts.grant_runtime_role")
        for changed in ("authenticator_added", "authenticator_removed", "authenticator_reset"):
            getattr(factor_signals, changed).connect(events.end_others, dispatch_uid=f"accounts.{changed}")
        user_signed_up.connect(events.remember_language, dispatch_uid="accounts.remember_language")
        user_signed_up.connect(wallet.open_main_account, dispatch_uid="accounts.open_main_account")
        bind_extra_request_metadata.connect(name_address, dispatch_uid="accounts.name_address")


def name_address(request: HttpRequest, **_: Any) -> None:
    """Say in every line about a request where it came from."""
    import structlog

    from accounts.addresses import client_address

    structlog.contextvars.bind_contextvars(ip=client_address(request))
