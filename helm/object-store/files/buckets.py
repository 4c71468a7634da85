# ruff: noqa: INP001, T201 - a file of a ConfigMap; what it prints is the log of its Pod
"""Makes the buckets that are not there yet, once the store answers; says which."""

import os
import sys
import time
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

WITHIN_SECONDS = 240
PAUSE_SECONDS = 2


def main() -> int:
    """Make every bucket that is named as an argument."""
    store = boto3.client(
        "s3",
        endpoint_url=os.environ["S3_ENDPOINT"],
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )
    deadline = time.monotonic() + WITHIN_SECONDS
    while True:
        try:
            make(store, sys.argv[1:])
        except (BotoCoreError, ClientError) as away:
            if time.monotonic() > deadline:
                print(f"{os.environ['S3_ENDPOINT']}: {away}", file=sys.stderr)
                return 1
            time.sleep(PAUSE_SECONDS)
        else:
            return 0


def make(store: Any, names: list[str]) -> None:
    """Make those that are missing."""
    there = {bucket["Name"] for bucket in store.list_buckets()["Buckets"]}
    for name in names:
        if name not in there:
            store.create_bucket(Bucket=name)
        print(f"{name}: {'was there' if name in there else 'made'}")


if __name__ == "__main__":
    sys.exit(main())
