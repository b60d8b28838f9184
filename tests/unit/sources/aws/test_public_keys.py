"""Public keys: from an answer of ListPublicKeys, and from PEM."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from alertmill.sources.aws.public_keys import PublicKeyError, from_answer, read_public_keys
from unit.sources.aws.trail import fingerprint, key_answer, private_key, public_der

#: A key of AWS's documentation, with its fingerprint: the MD5 of its DER form.
DOCUMENTED = (
    "31e8b5433410dfb61a9dc45cc65b22ff",
    (
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqlzPJbvZJ42UdcmLfPUqXYNfOs6I8lCfao/tOs8CmzPOEdtLWugB9xoIUz78qVHdKIqxbaG4"
        "jWHfJBiOSSFBM0lt8cdVo4TnRa7oG9io5pysS6DJhBBAeXsicufsiFJR+wrUNh8RSLxL4k6G1+BhLX20tJkZ/erT97tDGBujAelqseGg3vPZbTx9SMfO"
        "LN65PdLFudLP7Gat0Z9p5jw/rjpclKfo9Bfc3heeBxWGKwBBOKnFAaN9V57pOaosCvPKmHd9bg7jsQkI9Xp22IzGLsTFJZYVA3KiTAElDMu80iFXPHEq"
        "9hKNbt9e4URFam+1utKVEiLkR2disdCmPTK0VQIDAQAB"
    ),
)


def pem(form: PublicFormat, name: str = "CloudTrail") -> bytes:
    return private_key(name).public_key().public_bytes(Encoding.PEM, form)


@pytest.mark.parametrize("change", [lambda answer: answer, lambda answer: answer["PublicKeyList"]])
def test_an_answer_of_list_public_keys(change) -> None:
    keys = read_public_keys(json.dumps(change(key_answer("one", "two"))).encode())
    for name in ("one", "two"):
        (key,) = keys.find(fingerprint(name))
        assert key == private_key(name).public_key()
    assert keys.find(fingerprint("three")) == []


def test_the_spelling_of_the_documentation() -> None:
    name, value = DOCUMENTED
    keys = read_public_keys(json.dumps({"publicKeyList": [{"Value": value, "Fingerprint": name.upper()}]}).encode())
    assert len(keys.find(name)) == 1


def test_der_as_the_sdk_gives_it() -> None:
    assert from_answer([{"Fingerprint": "f", "Value": public_der()}]).find("f") == [
        private_key("CloudTrail").public_key()
    ]


def test_base64_in_lines() -> None:
    value = base64.encodebytes(public_der()).decode()
    assert from_answer([{"Fingerprint": "f", "Value": value}]).find("f") == [private_key("CloudTrail").public_key()]


def test_two_keys_with_one_fingerprint() -> None:
    both = from_answer({"Fingerprint": "f", "Value": public_der(name)} for name in ("one", "two"))
    assert both.find("f") == [private_key(name).public_key() for name in ("one", "two")]


def test_keys_of_several_files() -> None:
    keys = read_public_keys(json.dumps(key_answer("one")).encode())
    keys.include(read_public_keys(pem(PublicFormat.PKCS1, "two")))
    assert keys.find(fingerprint("one")) == [private_key("one").public_key()]
    assert keys.find("some other name") == keys.find(fingerprint("two")) == [private_key("two").public_key()]


@pytest.mark.parametrize("form", [PublicFormat.PKCS1, PublicFormat.SubjectPublicKeyInfo])
def test_pem(form: PublicFormat) -> None:
    keys = read_public_keys(b"a comment\n" + pem(form, "one") + b"\n" + pem(form, "two"))
    assert keys.find(fingerprint("one")) == [private_key("one").public_key()]
    # a name that no key has by itself may be that of any
    assert keys.find("some other name") == [private_key(name).public_key() for name in ("one", "two")]


def test_the_fingerprint_of_a_pem_key_is_that_of_aws() -> None:
    name, value = DOCUMENTED
    text = f"-----BEGIN PUBLIC KEY-----\n{value}\n-----END PUBLIC KEY-----\n"
    keys = read_public_keys(text.encode() + pem(PublicFormat.PKCS1))
    assert len(keys.find(name)) == 1


ELLIPTIC = ec.generate_private_key(ec.SECP256R1()).public_key()
ELLIPTIC_DER = ELLIPTIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ELLIPTIC_PEM = ELLIPTIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def entry(**members: object) -> bytes:
    return json.dumps([key_answer()["PublicKeyList"][0], members]).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "neither PEM nor JSON: "),
        (b"\xff", "neither PEM nor JSON: "),
        (b"7", 'no list "PublicKeyList"; the file must be an answer of cloudtrail:ListPublicKeys'),
        (b'{"PublicKeyList": 7}', 'no list "PublicKeyList"'),
        (b"[7]", "key 1 of PublicKeyList is not an object"),
        (entry(Value="AA=="), "key 2 of PublicKeyList has no Fingerprint"),
        (entry(Fingerprint="f"), "key 2 of PublicKeyList has no Value"),
        (entry(Fingerprint="f", Value="***"), "key 2 of PublicKeyList has a Value that is no RSA key in DER form"),
        (entry(Fingerprint="f", Value="AAAA"), "has a Value that is no RSA key in DER form, in base64"),
        (entry(Fingerprint="f", Value=base64.b64encode(ELLIPTIC_DER).decode()), "has a Value that is no RSA key"),
        (b"-----BEGIN CERTIFICATE-----", "no PEM block PUBLIC KEY or RSA PUBLIC KEY"),
        (pem(PublicFormat.PKCS1) + ELLIPTIC_PEM, "PEM block 2 is no RSA public key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "PEM block 1 is no RSA public key"),
    ],
)
def test_what_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(PublicKeyError) as refused:
        read_public_keys(content)
    assert said in str(refused.value)
