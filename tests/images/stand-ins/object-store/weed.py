#!/usr/bin/python3
"""The S3 server of rclone, started as `weed server` is: `-dir`, `-s3.port`, `-s3.config`.

rclone asks for a signature on every path, but SeaweedFS answers `/status` to anybody, and probes
ask for it. So this listens, answers that one path, and hands all other connections on.
"""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

STATUS = b"GET /status "
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
AWAY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CHUNK = 1 << 16


def main() -> int:
    """Serve until told to stop; the exit status is that of rclone if it ends first."""
    options = dict(
        argument.lstrip("-").partition("=")[::2] for argument in sys.argv[1:] if "=" in argument
    )
    behind = free_port()
    server = subprocess.Popen(command(options, behind))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.terminate())
    return asyncio.run(serve(int(options["s3.port"]), behind, server))


def command(options: dict[str, str], port: int) -> list[str]:
    """rclone's, with the keys of each identity that SeaweedFS would know."""
    known = json.loads(Path(options["s3.config"]).read_text(encoding="utf-8"))["identities"]
    keys = [
        f"--auth-key={pair['accessKey']},{pair['secretKey']}"
        for identity in known
        for pair in identity["credentials"]
    ]
    if not keys:
        sys.exit(f"{options['s3.config']} knows nobody, and rclone would let everybody in")
    address = f"--addr=127.0.0.1:{port}"
    # with no time at all rclone would clean its caches without a pause
    settings = ("--config=/tmp/none", "--dir-cache-time=10s", "--log-level=NOTICE")
    return ["rclone", "serve", "s3", address, *settings, *keys, options["dir"]]


def free_port() -> int:
    """One on loopback that nobody uses."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def serve(port: int, behind: int, server: "subprocess.Popen[bytes]") -> int:
    """Accept connections for as long as rclone runs."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await answer(reader, writer, behind)
        writer.close()

    async with await asyncio.start_server(handle, port=port):
        return await asyncio.to_thread(server.wait)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, behind: int) -> None:
    """Answer a probe, or hand the connection on."""
    first = await reader.read(CHUNK)
    try:
        theirs, ours = await asyncio.open_connection("127.0.0.1", behind)
    except ConnectionError:
        writer.write(AWAY)
        return
    if first.startswith(STATUS):
        writer.write(FINE)
    else:
        ours.write(first)
        await asyncio.gather(relay(reader, ours), relay(theirs, writer))
    ours.close()


async def relay(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Everything from one end to the other, and then its end."""
    with suppress(ConnectionError):
        while content := await source.read(CHUNK):
            target.write(content)
            await target.drain()
        target.write_eof()


if __name__ == "__main__":
    sys.exit(main())
