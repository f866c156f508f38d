"""Puts our panel in the place of the framework's."""

from django.contrib.admin.apps import AdminConfig


class OperatorsConfig(AdminConfig):
    default_site = "smartsync_site.operators.operators_site.OperatorsSite"
