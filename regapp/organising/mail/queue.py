"""How the queue of letters stands, for organisers' pages."""

from dataclasses import dataclass

from regapp.accounts import managing
from regapp.mailing import outbox
from regapp.mailing.models import QueuePause, QueueStop
from regapp.mailing.sending import holding


@dataclass(frozen=True)
class Queue:
    """It runs unless an organiser paused it or the mail server is in trouble; both at once can be."""

    pause: QueuePause | None
    stop: QueueStop | None
    paused_by: str

    @property
    def runs(self) -> bool:
        return self.pause is None and self.stop is None


def queue_now() -> Queue:
    pause = holding.find()
    return Queue(pause, outbox.queue_trouble(), managing.known_as(pause.paused_by) if pause else "")
