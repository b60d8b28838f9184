"""The messages that are worked on: hidden from other readers of the queue until they are worked off, then deleted.

A thread of its own extends the visibility timeout, because work may stand still while the engine is behind. Deletions
run beside everything else. What goes wrong here costs nothing but a second delivery, so nothing here raises.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from alertmill import codes
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.subscribers.sqs import Message, Queue
from alertmill.sources.aws.workers import Workers

Log = Callable[[str, str], None]

#: Visibility timeout of a queue that does not tell its own, and the shortest time for which messages are hidden anew.
DEFAULT_VISIBILITY = 30
SHORTEST_LEASE = 20

#: Seconds between two looks at what must be hidden anew.
_SHORTEST_BEAT, _LONGEST_BEAT = 0.25, 10.0


@dataclass(slots=True)
class _Held:
    message: Message
    hidden_until: float


class Keeper:
    """Keeps the messages of one queue. `now` is a monotonic clock, in seconds.

    `queue` may be replaced by another one for the same queue, and `visibility` (seconds) corrected, at any time.
    """

    def __init__(self, name: str, log: Log, now: Callable[[], float]) -> None:
        self.queue: Queue | None = None
        self.visibility = DEFAULT_VISIBILITY
        #: Called, from any thread, when deletions have come to an end.
        self.deleted: Callable[[], None] = lambda: None
        self._name = name
        self._log = log
        self._now = now
        self._lock = threading.Condition()
        self._held: dict[str, _Held] = {}
        self._left: set[str] = set()
        self._finished: list[Message] = []
        self._deleting = False
        self._complained: set[str] = set()
        self._workers = Workers(1, f"{name}-delete")
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None

    def __len__(self) -> int:
        """Messages that are worked on."""
        return len(self._held)

    @property
    def idle(self) -> bool:
        """Whether nothing is worked on and every deletion has come to an end."""
        with self._lock:
            return not (self._held or self._finished or self._deleting)

    def take(self, messages: Iterable[Message], *, once: bool = False) -> list[Message]:
        """Keep messages that were just received; those of them that are new here.

        With `once`, a message that was left before is not new either.
        """
        new = []
        hidden_until = self._now() + self.visibility
        with self._lock:
            for message in messages:
                held = self._held.get(message.id)
                if held is not None:  # it came back while it was worked on; only its last receipt deletes it
                    held.message, held.hidden_until = message, hidden_until
                elif not (once and message.id in self._left):
                    self._held[message.id] = _Held(message, hidden_until)
                    new.append(message)
        return new

    def done(self, message: Message) -> None:
        """The message is worked off: delete it, soon."""
        with self._lock:
            held = self._held.pop(message.id, None)
            self._finished.append(held.message if held else message)
            if self._deleting:
                return
            self._deleting = True
        self._workers.submit(self._delete)

    def leave(self, message: Message) -> None:
        """The message stays in the queue, and shows up again when its time has run out."""
        with self._lock:
            self._held.pop(message.id, None)
            self._left.add(message.id)
            if len(self._left) > 10_000:
                self._left.clear()

    def start(self) -> None:
        """A run begins: extend visibility timeouts from now on."""
        self._left.clear()
        if self._beating is None:
            self._beating = threading.Thread(target=self._beat_on, name=f"{self._name}-keep", daemon=True)
            self._beating.start()

    def beat(self) -> None:
        """Extend the visibility timeout of every message that has less than half of it left."""
        with self._lock:
            queue, lease = self.queue, max(self.visibility, SHORTEST_LEASE)
            now = self._now()
            due = [held for held in self._held.values() if held.hidden_until - now <= self.visibility / 2]
            for held in due:
                held.hidden_until = now + lease  # also when it fails, so that the call is not made over and over
        if queue is not None and due:
            self._try(partial(queue.extend, [held.message for held in due], lease), "not be kept from others")

    def close(self, patience: float) -> None:
        """End: wait for deletions, `patience` seconds at most, and give back what was not worked off."""
        self._ended.set()
        with self._lock:
            self._lock.wait_for(lambda: not self._deleting, patience)
            unread, queue = [held.message for held in self._held.values()], self.queue
            self._held.clear()
        if queue is not None and unread:
            given_back = threading.Thread(target=self._give_back, args=(queue, unread), daemon=True)
            given_back.start()
            given_back.join(patience)

    def _beat_on(self) -> None:
        while not self._ended.wait(min(max(self.visibility / 4, _SHORTEST_BEAT), _LONGEST_BEAT)):
            self.beat()

    def _give_back(self, queue: Queue, unread: Sequence[Message]) -> None:
        self._try(partial(queue.extend, unread, 0), "not be given back")

    def _delete(self) -> None:
        while True:
            with self._lock:
                finished, self._finished = self._finished, []
                queue = self.queue
                if not finished or queue is None:
                    self._deleting = False
                    self._lock.notify_all()
                    break
            self._try(partial(queue.delete, finished), "not be deleted")
        self.deleted()

    def _try(self, call: Callable[[], list[str]], what: str) -> None:
        """Make the call, and tell of each kind of trouble once."""
        try:
            refused = call()
        except StoreError as error:
            refused = [str(error)]
        except Exception as error:  # an ack must not raise, whatever the SDK does
            refused = [f"{type(error).__name__}: {error}"]
        if refused and what not in self._complained:
            self._complained.add(what)
            text = f"{self._name}: a message could {what}: {refused[0]}; it is delivered again"
            self._log("WARNING", f"{text}  [{codes.A_MESSAGE_KEPT.id}]")
