"""The public keys that CloudTrail's digest files are verified with, from an answer of ListPublicKeys or from PEM text.

Pure: where answers and files come from is the business of others. A key is known by its fingerprint, the MD5 of the
DER form that ListPublicKeys gives.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from alertmill.errors import AlertmillError

_PEM = re.compile(rb"-----BEGIN ((?:RSA )?PUBLIC KEY)-----.*?-----END \1-----", re.DOTALL)


class PublicKeyError(AlertmillError):
    """Public keys that cannot be read. `str()` says which one and why."""


class PublicKeys:
    """Public keys by fingerprint; a key may have several names, and a name several keys."""

    def __init__(self) -> None:
        self._named: dict[str, list[RSAPublicKey]] = {}
        self._nameless: list[RSAPublicKey] = []

    def __bool__(self) -> bool:
        return bool(self._named)

    def find(self, fingerprint: str) -> list[RSAPublicKey]:
        """The keys of this name; if there is none, those that came without a name, for one of them may be meant."""
        return self._named.get(fingerprint.lower(), self._nameless)

    def add(self, fingerprint: str, key: RSAPublicKey) -> None:
        self._named.setdefault(fingerprint.lower(), []).append(key)

    def include(self, others: PublicKeys) -> None:
        """Add all keys of `others`."""
        self._nameless += others._nameless
        for name, keys in others._named.items():
            self._named.setdefault(name, []).extend(keys)

    def add_nameless(self, key: RSAPublicKey) -> None:
        """A key as PEM text has it, known by what would be its fingerprint, and as one of those without a name."""
        self._nameless.append(key)
        for form in (PublicFormat.PKCS1, PublicFormat.SubjectPublicKeyInfo):
            der = key.public_bytes(Encoding.DER, form)
            self.add(hashlib.md5(der, usedforsecurity=False).hexdigest(), key)


def read_public_keys(content: bytes) -> PublicKeys:
    """The keys in a file: an answer of ListPublicKeys as JSON, or PEM blocks. Raises PublicKeyError."""
    if b"-----BEGIN" in content:
        return _from_pem(content)
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise PublicKeyError(f"neither PEM nor JSON: {error}") from None
    if type(value) is dict:
        # the answer's own word, and that of an example in AWS's documentation
        value = value.get("PublicKeyList", value.get("publicKeyList"))
    if type(value) is not list:
        raise PublicKeyError('no list "PublicKeyList"; the file must be an answer of cloudtrail:ListPublicKeys')
    return from_answer(value)


def from_answer(entries: Iterable[Mapping[str, Any]]) -> PublicKeys:
    """The keys of a `PublicKeyList`; `Value` is DER, as bytes or base64. Raises PublicKeyError."""
    keys = PublicKeys()
    for number, entry in enumerate(entries, 1):
        place = f"key {number} of PublicKeyList"
        if not isinstance(entry, Mapping):
            raise PublicKeyError(f"{place} is not an object")
        fingerprint, value = entry.get("Fingerprint"), entry.get("Value")
        if not isinstance(fingerprint, str) or not fingerprint:
            raise PublicKeyError(f"{place} has no Fingerprint")
        if not isinstance(value, str | bytes):
            raise PublicKeyError(f"{place} has no Value")
        try:
            der = value if isinstance(value, bytes) else base64.b64decode("".join(value.split()), validate=True)
            keys.add(fingerprint, _rsa(load_der_public_key(der)))
        except (ValueError, binascii.Error, UnsupportedAlgorithm):
            raise PublicKeyError(f"{place} has a Value that is no RSA key in DER form, in base64") from None
    return keys


def _from_pem(content: bytes) -> PublicKeys:
    keys = PublicKeys()
    for number, block in enumerate(_PEM.finditer(content), 1):
        try:
            keys.add_nameless(_rsa(load_pem_public_key(block.group())))
        except (ValueError, UnsupportedAlgorithm):
            raise PublicKeyError(f"PEM block {number} is no RSA public key") from None
    if not keys:
        raise PublicKeyError("no PEM block PUBLIC KEY or RSA PUBLIC KEY")
    return keys


def _rsa(key: object) -> RSAPublicKey:
    if not isinstance(key, RSAPublicKey):
        raise ValueError("another kind of key")
    return key
