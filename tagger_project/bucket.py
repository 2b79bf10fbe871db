"""A bucket of a server that speaks S3: what is asked of it, and what its failures are called here.

boto3 is imported by the first process that asks a bucket for something, and by none where there is no bucket.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

logger = logging.getLogger(__name__)

_BLOCK_BYTES = 1024 * 1024
_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 10.0
# The second try is for a connection that the server closed meanwhile.
_TRIES = 2
# Who asked in vain a moment ago need not wait for the same again.
_QUIET_SECONDS = 2.0
_REFUSALS = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccountProblem", "Forbidden", "403", "401"}
_SUM = "sha256"


class BucketAway(OSError):
    """The bucket does not answer; nothing was done, and the same may be asked again later."""

    def __init__(self, sentence: str) -> None:
        super().__init__(errno.EHOSTUNREACH, sentence)


class BucketRefuses(BucketAway):
    """The bucket answers and refuses: a setting is wrong. Nothing was done."""


@dataclass(frozen=True)
class BucketSettings:
    """Where pictures are kept; printed without the keys.

    Attributes:
        name: of the bucket.
        endpoint: its server's address; empty for AWS.
        prefix: what all names begin with, empty or with a slash at its end.
        cache_bytes: about so much of local copies is kept; 0 for all.
    """

    name: str
    endpoint: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    prefix: str = ""
    cache_bytes: int = 0


def bucket_settings(
    *, name: str, endpoint: str, region: str, access_key: str, secret_key: str, prefix: str, cache_bytes: int
) -> BucketSettings | None:
    """Return what the environment says of a bucket; `None` where it names none.

    Raises:
        ImproperlyConfigured: something is missing or no address, with the sentence that says what to do.
    """
    given = {"S3_ACCESS_KEY": access_key, "S3_SECRET_KEY": secret_key}
    if not name:
        if set_alone := [variable for variable, value in {**given, "S3_ENDPOINT": endpoint}.items() if value]:
            raise ImproperlyConfigured(f"{set_alone[0]} is set and S3_BUCKET is not. Name the bucket, or unset both.")
        return None
    if missing := [variable for variable, value in given.items() if not value]:
        raise ImproperlyConfigured(f"S3_BUCKET is set, which needs {' and '.join(missing)} as well.")
    address = urlsplit(endpoint)
    if endpoint and (address.scheme not in {"http", "https"} or not address.hostname or "@" in endpoint):
        # Not shown: people write keys into addresses.
        raise ImproperlyConfigured("S3_ENDPOINT is no address. Write it like https://host:9000, without keys in it.")
    if cache_bytes < 0:
        raise ImproperlyConfigured(f"S3_CACHE_BYTES is {cache_bytes}. Set it to 0 or more.")
    if find_spec("boto3") is None:
        raise ImproperlyConfigured(
            "S3_BUCKET is set, and boto3, which speaks to buckets, is not installed. Install the extra “s3”: "
            "pip install 'dataset-tagger[s3]', or `make run` with S3_BUCKET in .env; the image has it."
        )
    prefix = prefix.strip("/")
    return BucketSettings(
        name=name,
        endpoint=endpoint,
        region=region,
        access_key=access_key,
        secret_key=secret_key,
        prefix=f"{prefix}/" if prefix else "",
        cache_bytes=cache_bytes,
    )


@dataclass(frozen=True)
class Stored:
    """What the bucket says of one of its objects.

    Attributes:
        name: without the prefix.
        sha256: of its content, where the one who stored it said so.
        age: seconds since it was stored, by the bucket's clock.
    """

    name: str
    size: int
    sha256: str = ""
    age: float = 0.0


class Bucket:
    """One bucket; for all threads of one process.

    Attributes:
        cache_bytes: as its settings say.
    """

    def __init__(self, wanted: BucketSettings) -> None:
        """Ask nobody yet."""
        from boto3.session import Session
        from botocore.config import Config

        # What it tells at DEBUG holds signed headers.
        logging.getLogger("botocore").setLevel(logging.INFO)
        self.cache_bytes = wanted.cache_bytes
        self._wanted = wanted
        self._quiet_until = float("-inf")
        self._is_told = False
        self._client: Any = Session(
            aws_access_key_id=wanted.access_key,
            aws_secret_access_key=wanted.secret_key,
            region_name=wanted.region,
        ).client(
            "s3",
            endpoint_url=wanted.endpoint or None,
            config=Config(
                signature_version="s3v4",
                # Servers of one's own seldom have a name for each bucket.
                s3={"addressing_style": "path" if wanted.endpoint else "auto"},
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_ANSWER_SECONDS,
                retries={"mode": "standard", "total_max_attempts": _TRIES},
                max_pool_connections=32,
                # Sums of AWS's own that other servers know not; Content-MD5 and a SHA-256 of ours say the same.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    # --- Objects ----------------------------------------------------------------------------------------

    def put(self, name: str, path: Path, sha256: str) -> None:
        """Store a file; the bucket compares what arrives with its sum.

        Raises:
            BucketAway: it is not stored for sure.
            OSError: the file cannot be read.
        """
        with path.open("rb") as file:
            md5 = hashlib.md5(usedforsecurity=False)
            while block := file.read(_BLOCK_BYTES):
                md5.update(block)
            file.seek(0)
            self._put(name, file, base64.b64encode(md5.digest()).decode(), sha256)

    def put_bytes(self, name: str, content: bytes) -> None:
        """Store some bytes.

        Raises:
            BucketAway: they are not stored for sure.
        """
        md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        self._put(name, content, md5, hashlib.sha256(content).hexdigest())

    def _put(self, name: str, body: BinaryIO | bytes, md5: str, sha256: str) -> None:
        with self._asking():
            self._client.put_object(**self._at(name), Body=body, ContentMD5=md5, Metadata={_SUM: sha256})

    def look(self, name: str) -> Stored | None:
        """Return what is stored under a name; `None` where nothing is.

        Raises:
            BucketAway: it does not answer.
        """
        with self._asking(none_is_fine=True):
            answer = self._client.head_object(**self._at(name))
            return Stored(name, int(answer["ContentLength"]), str(answer.get("Metadata", {}).get(_SUM, "")))
        return None

    @contextmanager
    def reading(self, name: str) -> Iterator[tuple[Stored, Iterator[bytes]]]:
        """Lend what is stored under a name, block by block.

        Raises:
            FileNotFoundError: nothing is.
            BucketAway: it does not answer, or breaks off.
        """
        answer = None
        with self._asking(none_is_fine=True):
            answer = self._client.get_object(**self._at(name))
        if answer is None:
            raise FileNotFoundError(errno.ENOENT, "The bucket does not have it", name)
        try:
            said = str(answer.get("Metadata", {}).get(_SUM, ""))
            yield Stored(name, int(answer["ContentLength"]), said), self._blocks(answer["Body"])
        finally:
            answer["Body"].close()

    def _blocks(self, body: Any) -> Iterator[bytes]:
        while True:
            with self._asking(begun=True):
                block: bytes = body.read(_BLOCK_BYTES)
            if not block:
                return
            yield block

    def delete(self, name: str) -> None:
        """Remove what is stored under a name, if anything.

        Raises:
            BucketAway: it may still be there.
        """
        with self._asking(none_is_fine=True):
            self._client.delete_object(**self._at(name))

    def listed(self, folder: str, *, behind: str = "", at_once: int = 1000) -> Iterator[Stored]:
        """Yield what is stored under names that begin like this, in the order of names, without the sums.

        Args:
            folder: how the names begin.
            behind: only names that come after this one.
            at_once: so many are asked for.

        Raises:
            BucketAway: it does not answer.
        """
        wanted: dict[str, Any] = {"Bucket": self._wanted.name, "Prefix": self._wanted.prefix + folder}
        wanted["MaxKeys"] = at_once
        if behind:
            wanted["StartAfter"] = self._wanted.prefix + behind
        while True:
            with self._asking():
                answer = self._client.list_objects_v2(**wanted)
            headers = answer["ResponseMetadata"]["HTTPHeaders"]
            now = parsedate_to_datetime(headers["date"]).timestamp() if "date" in headers else time.time()
            for each in answer.get("Contents", []):
                name = str(each["Key"]).removeprefix(self._wanted.prefix)
                yield Stored(name, int(each["Size"]), age=now - each["LastModified"].timestamp())
            if not answer.get("IsTruncated"):
                return
            wanted["ContinuationToken"] = answer["NextContinuationToken"]

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._wanted.name, "Key": self._wanted.prefix + name}

    # --- Failures ---------------------------------------------------------------------------------------

    @contextmanager
    def _asking(self, *, none_is_fine: bool = False, begun: bool = False) -> Iterator[None]:
        """Give a failure its name here.

        Args:
            none_is_fine: an object that is not there ends the block quietly.
            begun: goes on with an answer, whatever others met meanwhile.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        if not begun and time.monotonic() < self._quiet_until:
            raise BucketAway(self._no_answer("it failed a moment ago"))
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if none_is_fine and code in {"NoSuchKey", "NotFound", "404"}:
                self._note_answer()
                return
            if status >= 500 or code in {"SlowDown", "RequestTimeout", "BadDigest", "503"}:
                self._note_silence(code)
                raise BucketAway(self._no_answer(code)) from error
            raise BucketRefuses(self._refusal(code)) from error
        except BotoCoreError as error:
            # Its text names the address, which the settings do too, and never a key.
            self._note_silence(type(error).__name__)
            raise BucketAway(self._no_answer(type(error).__name__)) from error
        self._note_answer()

    def _note_silence(self, reason: str) -> None:
        self._quiet_until = time.monotonic() + _QUIET_SECONDS
        if not self._is_told:
            logger.warning("%s", self._no_answer(reason))
        self._is_told = True

    def _note_answer(self) -> None:
        if self._is_told:
            logger.warning("The bucket answers again.")
        self._is_told = False

    @property
    def _where(self) -> str:
        return f"The bucket “{self._wanted.name}” at {self._wanted.endpoint or 'AWS'}"

    def _no_answer(self, reason: str) -> str:
        return f"{self._where} does not answer ({reason})."

    def _refusal(self, code: str) -> str:
        if code in {"NoSuchBucket", "404"}:
            return f"{self._where} does not exist. Make it, or mend S3_BUCKET or S3_ENDPOINT."
        if code in _REFUSALS:
            return (
                f"{self._where} refuses the key ({code}). Mend S3_ACCESS_KEY and S3_SECRET_KEY, and let that key read, "
                "write, list and delete there."
            )
        return f"{self._where} refuses ({code}). Mend S3_BUCKET, S3_ENDPOINT or S3_REGION."


_made: dict[tuple[int, BucketSettings], Bucket] = {}
_making = threading.Lock()


def get_bucket() -> Bucket | None:
    """Return this process's bucket; `None` where pictures are kept in the data folder alone."""
    wanted: BucketSettings | None = settings.BUCKET
    if wanted is None:
        return None
    # A forked process makes one of its own: two cannot talk over one connection.
    key = (os.getpid(), wanted)
    with _making:
        if key not in _made:
            _made.clear()
            _made[key] = Bucket(wanted)
        return _made[key]
