from django.apps import AppConfig


class CopytradingConfig(AppConfig):
    name = "copytrading"
    verbose_name = "Copy trading"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.core.checks import Tags, register

        from accounts.identity.places import moved
        from copytrading.queries.rules import check_rules
        from copytrading.services.telling import habits, safety

        safety.listen()
        moved.connect(habits.follow_zone, dispatch_uid="copytrading.follow_zone")
        register(check_rules, Tags.database)
