"""The Celery application: broker, queues and the beat table.

The broker carries doorbells only. What is due stands in the database, so that a message may be
lost, doubled or late without effect (reliability 3.1, 3.2).
"""

import os
import sys

import django
from celery import Celery
from celery.signals import task_prerun, worker_ready, worker_shutting_down
from django.conf import settings
from django.db import close_old_connections, connection
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
# bin/check ran them; each process would load all views and forms for that, a second of its start.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
django.setup()  # the sweeper below reads models

from statuspage import sweeping  # noqa: E402

app = Celery("candor")


def _transport() -> dict[str, object]:
    if settings.BROKER_URL:
        return {
            "broker_url": settings.BROKER_URL,
            "broker_transport_options": {
                # A killed worker's message comes back within seconds instead of an hour.
                "visibility_timeout": 120,
                "unacked_restore_interval": 5,
                "unacked_restore_throttle": 1,
            },
        }
    folder = settings.BROKER_DIR
    for name in ("queue", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        "broker_url": "filesystem://",
        "broker_transport": "statuspage.file_broker:Transport",
        "broker_transport_options": {
            "data_folder_in": str(folder / "queue"),
            "data_folder_out": str(folder / "queue"),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.1,
        },
    }


def _every(seconds: float, task: str, queue: str) -> dict[str, object]:
    """A beat entry whose message is worth nothing once the next one is there."""
    return {
        "task": task,
        "schedule": seconds,
        "options": {"queue": queue, "expires": max(seconds, 2.0)},
    }


app.conf.update(
    **_transport(),
    # A worker of a location checks from there and does nothing else.
    task_queues=[Queue(f"probes.{settings.LOCATION}")]
    if settings.LOCATION
    else [Queue("probes"), Queue("deliveries"), Queue("upkeep")],
    task_default_queue="upkeep",
    task_routes={
        "monitoring.tasks.dispatch_due_probes": {"queue": "probes"},
        "monitoring.tasks.probe_batch": {"queue": "probes"},
        "notifications.tasks.drain_due_deliveries": {"queue": "deliveries"},
        "subscribers.tasks.answer_asked": {"queue": "deliveries"},
        "customer_pages.tasks.answer_sign_ins": {"queue": "deliveries"},
        "subscribers.tasks.expand_broadcasts": {"queue": "deliveries"},
    },
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    # A Redis that is full or read-only refuses, which ends a worker by default, and its sweeper with it.
    broker_channel_error_retry=True,
    accept_content=["json"],
    task_serializer="json",
    timezone="UTC",
    # Nothing of beat's state is worth a file: due times stand in the database.
    beat_scheduler="statuspage.beating:Scheduler",
    beat_max_loop_interval=1,
    beat_schedule={
        "dispatch due probes": _every(1, "monitoring.tasks.dispatch_due_probes", "probes"),
        "drain due deliveries": _every(1, "notifications.tasks.drain_due_deliveries", "deliveries"),
        "answer visitors": _every(1, "subscribers.tasks.answer_asked", "deliveries"),
        "answer sign-ins": _every(1, "customer_pages.tasks.answer_sign_ins", "deliveries"),
        "expand broadcasts": _every(1, "subscribers.tasks.expand_broadcasts", "deliveries"),
        "retire bounced": _every(60, "subscribers.tasks.retire_bounced", "upkeep"),
        "keep integrations fresh": _every(
            300, "subscribers.tasks.keep_integrations_fresh", "upkeep"
        ),
        "note misses": _every(10, "subscribers.tasks.note_misses", "upkeep"),
        "tell troubles": _every(10, "subscribers.tasks.tell_troubles", "upkeep"),
        "look around": _every(5, "monitoring.tasks.look_around", "upkeep"),
        "note gaps": _every(5, "monitoring.tasks.note_gaps", "upkeep"),
        "find silent": _every(1, "monitoring.tasks.find_silent", "upkeep"),
        "remove gone": _every(60, "monitoring.tasks.remove_gone", "upkeep"),
        "tell operators": _every(5, "monitoring.tasks.tell_operators", "upkeep"),
        "take due steps": _every(5, "incidents.tasks.take_due_steps", "upkeep"),
        "keep honest": _every(10, "monitoring.tasks.keep_honest", "upkeep"),
        "note page health": _every(10, "monitoring.tasks.note_page_health", "upkeep"),
        "pack samples": _every(60, "monitoring.tasks.pack_samples", "upkeep"),
        "forget old measurements": _every(
            3600, "monitoring.tasks.forget_old_measurements", "upkeep"
        ),
        "look at domains again": _every(3600, "custom_domains.tasks.look_again", "upkeep"),
        "get certificates": _every(15, "custom_domains.tasks.look_for_certificates", "upkeep"),
        "prune deliveries": _every(3600, "notifications.tasks.prune_deliveries", "upkeep"),
        "send heartbeat": _every(60, "observability.tasks.send_heartbeat", "upkeep"),
        "seal statements": _every(600, "sla.tasks.seal_statements", "upkeep"),
        "forget removed entries": _every(3600, "catalog.tasks.forget_removed", "upkeep"),
        "sweep pictures": _every(3600, "branding.tasks.sweep_pictures", "upkeep"),
        "forget what is over": _every(3600, "accounts.tasks.forget_what_is_over", "upkeep"),
        "forget old sign-ins": _every(3600, "customer_pages.tasks.forget_what_is_over", "upkeep"),
        "forget answered requests": _every(
            3600, "management_api.tasks.forget_what_is_over", "upkeep"
        ),
        "remove retired pages": _every(3600, "components.tasks.remove_overdue_pages", "upkeep"),
        "forget what subscribers had": _every(
            3600, "subscribers.tasks.forget_what_is_over", "upkeep"
        ),
    },
)
app.autodiscover_tasks(
    [
        "accounts",
        "branding",
        "catalog",
        "components",
        "custom_domains",
        "customer_pages",
        "incidents",
        "management_api",
        "monitoring",
        "notifications",
        "observability",
        "sla",
        "subscribers",
    ]
)

if connection.vendor == "sqlite":
    # Celery would open the file anew for each task. Connections to PostgreSQL are too dear to be held
    # by every thread.
    app.conf.update(CELERY_DB_REUSE_MAX=sys.maxsize)
    task_prerun.connect(close_old_connections)
worker_ready.connect(sweeping.start)
worker_shutting_down.connect(sweeping.stop)
