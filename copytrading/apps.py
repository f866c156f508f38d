from django.apps import AppConfig


class CopytradingConfig(AppConfig):
    name = "copytrading"
    default_auto_field = "django.db.models.BigAutoField"
