"""What was read lately: enough to tell an event that is met again from one that came late. Pure.

AWS hands out positions in time, and events come in behind them: late ones of a stream, findings that become visible
after they were dated. Whoever looks back over the last minutes needs to know which of those he has read. `Recent`
remembers them as digests, above a bound in time (`floor`) below which everything counts as read, so that it stays
small: when there are too many, the bound rises.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from hashlib import blake2b

#: Bytes of a digest, and of a time in milliseconds where they are stored.
_SIZE = 8
_TIME_SIZE = 6
#: Digests that are kept at most.
MOST_DIGESTS = 3000


def digest(*parts: object) -> bytes:
    """What stands for something that was read."""
    text = "\0".join(map(str, parts))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest()


class Known:
    """What was read up to some moment. Asking takes: what was read twice is known twice, and no more."""

    def __init__(self, floor: int, digests: Counter[bytes]) -> None:
        self._floor = floor
        self._digests = digests

    def has(self, time: int, of: bytes) -> bool:
        if self._digests[of] > 0:
            self._digests[of] -= 1
            return True
        return time <= self._floor


class Recent:
    """Digests by a time in milliseconds, each as often as it was read."""

    def __init__(self, floor: int = 0) -> None:
        self.floor = floor
        self._digests: dict[int, list[bytes]] = {}
        self._count = 0

    def add(self, time: int, of: bytes) -> None:
        if time > self.floor:
            self._digests.setdefault(time, []).append(of)
            self._count += 1

    def update(self, other: Recent) -> None:
        """Add what `other` knows."""
        for time, found in other._digests.items():
            for one in found:
                self.add(time, one)

    def raise_floor(self, floor: int) -> None:
        """Everything up to `floor` counts as read."""
        if floor > self.floor:
            self.floor = floor
            for time in [time for time in self._digests if time <= floor]:
                self._count -= len(self._digests.pop(time))

    def trim(self, most: int = MOST_DIGESTS) -> None:
        """Forget the oldest until at most `most` are left. What has one time is forgotten together."""
        too_many = self._count - most
        for time in sorted(self._digests) if too_many > 0 else ():
            too_many -= len(self._digests[time])
            if too_many <= 0:
                self.raise_floor(time)
                return

    def known(self) -> Known:
        """What is known now; later additions do not count."""
        return Known(self.floor, Counter(one for of_time in self._digests.values() for one in of_time))

    def digests(self) -> set[bytes]:
        """All digests, each once."""
        return {one for of_time in self._digests.values() for one in of_time}

    def __len__(self) -> int:
        return self._count

    def as_text(self) -> str:
        """The digests and their times as text; `floor` is not part of it."""
        packed = b"".join(
            time.to_bytes(_TIME_SIZE, "big", signed=True) + one
            for time, found in sorted(self._digests.items())
            for one in found
        )
        return b64encode(packed).decode("ascii")

    @classmethod
    def from_text(cls, floor: int, text: str) -> Recent:
        """What `as_text` made. Raises ValueError or TypeError for anything else."""
        packed = b64decode(text, validate=True)
        if len(packed) % (_TIME_SIZE + _SIZE):
            raise ValueError("a digest is cut")
        recent = cls(int(floor))
        for at in range(0, len(packed), _TIME_SIZE + _SIZE):
            time = int.from_bytes(packed[at : at + _TIME_SIZE], "big", signed=True)
            recent.add(time, packed[at + _TIME_SIZE : at + _TIME_SIZE + _SIZE])
        return recent
