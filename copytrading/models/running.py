"""What runs: each process says every few seconds that it is alive, and others look whether it still does."""

from django.db import models


class Heartbeat(models.Model):
    """
    A process of the platform, by name: its kind and its host, as "feed@copy1".

    A process that ends in good order takes its row along; one that dies leaves it, and it grows old.
    """

    class Kind(models.TextChoices):
        WEB = "WEB", "web"
        WORKER = "WORKER", "worker"
        BEAT = "BEAT", "beat"
        # The way of a ring: beat, Valkey and a worker together.
        RINGS = "RINGS", "rings of the beat"
        FEED = "FEED", "market feed"
        STANDBY = "STANDBY", "standby"

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    started_at = models.DateTimeField()
    beaten_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
