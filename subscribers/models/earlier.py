"""Links of mails that were sent before the secret key was changed."""

from django.db import models

from subscribers.models.people import Subscriber


class EarlierLink(models.Model):
    """A digest that `Subscriber.unsubscribe_digest` held once: old mails must still unsubscribe (D2)."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"{self.subscriber_id}"
