"""An S3 (and EC2, and STS) on a free port of this machine, for tests: moto in server mode."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import boto3

from support import PATIENCE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"

#: What a process needs in its environment to find the server; AWS_* of the machine itself must not shine through.
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "*",
}


class S3Server:
    """A running server. `url` is its endpoint for all services."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._clients: dict[str, Any] = {}

    @property
    def env(self) -> dict[str, str]:
        """Environment variables that lead boto3 here."""
        return {**_CREDENTIALS, "AWS_ENDPOINT_URL": self.url}

    def client(self, service: str = "s3") -> Any:
        """A boto3 client of the server, closed with it."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=REGION,
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
            )
        return self._clients[service]

    def close(self) -> None:
        """End the connections of the clients."""
        for client in self._clients.values():
            client.close()

    def make_bucket(self, name: str, objects: Mapping[str, bytes] | None = None) -> S3Client:
        """A new bucket with these objects; returns a client."""
        client: S3Client = self.client()
        client.create_bucket(Bucket=name)
        for key, body in (objects or {}).items():
            client.put_object(Bucket=name, Key=key, Body=body)
        return client

    def keys(self, bucket: str) -> list[str]:
        """Every key of a bucket."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def reset(self) -> None:
        """Forget everything."""
        urlopen(Request(f"{self.url}/moto-api/reset", method="POST"), timeout=PATIENCE).close()


@contextmanager
def running_s3_server() -> Iterator[S3Server]:
    """A server for the length of the block."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    with redirect_stderr(io.StringIO()):
        server.start()
    try:
        host, port = server.get_host_and_port()
        running = S3Server(f"http://{host}:{port}")
        yield running
        running.close()
    finally:
        server.stop()
