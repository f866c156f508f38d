from django.apps import AppConfig


class PaperConfig(AppConfig):
    """The paper venue, an app of its own so that its tables stay its own."""

    name = "copytrading.exchange.paper"
    label = "paper"
    verbose_name = "Paper venue"
    default_auto_field = "django.db.models.BigAutoField"
