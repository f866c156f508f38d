from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and money"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import database_role

        post_migrate.connect(database_role.grant_runtime_role, dispatch_uid="accounts.grant_runtime_role")
