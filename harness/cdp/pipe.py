"""CDP over two pipes to a browser launched here (`--remote-debugging-pipe`): messages end with a NUL byte.

It costs half of a WebSocket, opens no port, and its loss is the loss of the browser: Chromium ends with its pipe.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from harness.cdp.transport import MAX_MESSAGE_BYTES, Early, Receiver, TransportClosedError

READ_BYTES = 2**17
"""What one read takes, at most, into a buffer that stays: room made for each read costs more than the read, and leaves the
heap in pieces."""
READS_A_TURN = 32
HIGH_WATER_BYTES = 2**16
"""What may wait for a browser that does not read, before the receiver is told to pause."""


class PipeTransport:
    """Implements `harness.cdp.transport.Transport` on two descriptors, which it closes at its end.

    read_fd: from the browser; write_fd: to it.
    """

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._read_fd, self._write_fd = read_fd, write_fd
        self._early = Early()
        self._receiver: Receiver = self._early
        self._tail: list[bytes] = []
        self._tail_bytes = 0
        self._unsent = bytearray()
        self._room = memoryview(bytearray(READ_BYTES))
        self._paused = False
        self._open = True
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)
        self._loop.add_reader(read_fd, self._readable)

    # --- the port

    def start(self, receiver: Receiver) -> None:
        """Tell this receiver from now on."""
        self._receiver = receiver
        self._early.hand_over(receiver)

    def send(self, messages: Sequence[bytes]) -> None:
        """Send all in one write; what the pipe does not take goes out when it does."""
        if not self._open:
            raise TransportClosedError
        data = b"\0".join(messages) + b"\0"
        if not self._unsent:
            data = data[self._write(data) :]
            if not data:
                return
            self._loop.add_writer(self._write_fd, self._writable)
        self._unsent += data
        if not self._paused and len(self._unsent) > HIGH_WATER_BYTES:
            self._paused = True
            self._receiver.pause()

    async def close(self) -> None:
        """Close both ends: a browser whose pipe has ended ends, too."""
        self._over("closed")
        await asyncio.sleep(0)

    def abort(self) -> None:
        """Close both ends; the receiver is told in the loop's next turn."""
        self._over("cut")

    # --- inside

    def _write(self, data: bytes | bytearray) -> int:
        """How many bytes the pipe took; all of them when it has ended, which its receiver is told."""
        try:
            return os.write(self._write_fd, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._over(f"the browser's pipe takes nothing more: {error.strerror}")
            return len(data)

    def _writable(self) -> None:
        del self._unsent[: self._write(self._unsent)]
        if not self._open or self._unsent:
            return
        self._loop.remove_writer(self._write_fd)
        if self._paused:
            self._paused = False
            self._receiver.resume()

    def _readable(self) -> None:
        for _ in range(READS_A_TURN):
            try:
                count = os.readv(self._read_fd, [self._room])
            except BlockingIOError:
                return
            except OSError as error:
                self._over(str(error))
                return
            if not count:
                self._over("the browser closed its pipe")
                return
            self._take(bytes(self._room[:count]))
            if count < READ_BYTES or not self._open:
                return

    def _take(self, data: bytes) -> None:
        """Whole messages go to the receiver at once."""
        first, *rest = data.split(b"\0")
        self._tail.append(first)
        if not rest:
            self._tail_bytes += len(first)
            if self._tail_bytes > MAX_MESSAGE_BYTES:
                self._over(f"a message is larger than {MAX_MESSAGE_BYTES} bytes")
            return
        last = rest.pop()
        whole, self._tail, self._tail_bytes = b"".join(self._tail), [last] if last else [], len(last)
        self._receiver.receive(whole)
        for message in rest:
            self._receiver.receive(message)

    def _over(self, reason: str) -> None:
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._read_fd)
        self._loop.remove_writer(self._write_fd)
        os.close(self._read_fd)
        os.close(self._write_fd)
        self._loop.call_soon(lambda: self._receiver.end(reason))
