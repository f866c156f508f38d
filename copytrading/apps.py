from django.apps import AppConfig


class CopytradingConfig(AppConfig):
    name = "copytrading"
    verbose_name = "Copy trading"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from copytrading.services.telling import safety

        safety.listen()
