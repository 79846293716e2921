"""What charging stations send by OCPP, kept value by value for the replay of a session."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from quanheng.platform.kernel import clock


class ChargeSample(models.Model):
    """One energy (kWh) or power (kW) value of one pile; the same value sent again changes nothing."""

    meter = models.ForeignKey("surveillance.AreaMeter", models.PROTECT, related_name="charge_samples")
    at = models.DateTimeField()
    measurand = models.CharField(max_length=40)
    value = models.FloatField()
    context = models.CharField(max_length=40, blank=True)
    transaction = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meter", "at", "measurand", "transaction", "context"], name="charge_sample_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["meter", "transaction", "at"], name="charge_sample_session")]
