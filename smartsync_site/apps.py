from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SiteConfig(AppConfig):
    name = "smartsync_site"
    verbose_name = "Site"

    def ready(self) -> None:
        from smartsync_site.operators.roles import ship_roles

        # After the rights of all tables were made, which each app's own signal does.
        post_migrate.connect(ship_roles, dispatch_uid="smartsync_site.ship_roles")
