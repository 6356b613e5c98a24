"""What is remembered of creating requests, so that one that is repeated creates nothing again."""

from django.db import models

from accounts.models import AccessToken


class IdempotentRequest(models.Model):
    """The answer to a request that named an `Idempotency-Key`.

    Written in the transaction of what the request created, so either both are there or neither.
    `fingerprint` is of method, path and body: a key stands for one request.
    """

    token = models.ForeignKey(AccessToken, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(default="")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_a_key")]

    def __str__(self) -> str:
        return self.key
