"""A WebSocket client of the standard library's, for tests of the example exchange.  It takes
frames as they come, so that also what no client should get can be looked at."""
import base64
import json
import os
import socket
import struct

PUBLIC = "/v5/public/linear"
PRIVATE = "/v5/private"


class Closed(Exception):
    """The server ended the connection: .code is that of its close frame, "reset", or None."""

    def __init__(self, code):
        super().__init__("closed: %s" % code)
        self.code = code


class Client:
    def __init__(self, port, path=PUBLIC, timeout=20, receive_buffer=0):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.bytes = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(("GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: %s\r\n\r\n" % (path, key)).encode())
        while b"\r\n\r\n" not in self.bytes:
            self._more()
        head, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise Closed(head.split(b"\r\n")[0].decode())

    def _more(self):
        try:
            got = self.socket.recv(1 << 16)
        except ConnectionResetError:
            raise Closed("reset") from None
        if not got:
            raise Closed(None)
        self.bytes += got

    def _take(self, n):
        while len(self.bytes) < n:
            self._more()
        got, self.bytes = self.bytes[:n], self.bytes[n:]
        return got

    def frame(self):
        """(opcode, payload) of a whole message or control frame."""
        payload, kind = b"", None
        while True:
            first, length = self._take(2)
            if length == 126:
                length, = struct.unpack(">H", self._take(2))
            elif length == 127:
                length, = struct.unpack(">Q", self._take(8))
            payload += self._take(length)
            kind = kind or first & 15
            if first & 128:
                return kind, payload

    def text(self):
        """The next message, as bytes."""
        while True:
            kind, payload = self.frame()
            if kind == 8:
                raise Closed(struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None)
            if kind == 9:
                self.send(payload, 10)
            elif kind in (1, 2):
                return payload

    def send(self, payload, kind=1, final=True):
        mask = os.urandom(4)
        head = bytes([(128 if final else 0) | kind])
        if len(payload) < 126:
            head += bytes([128 | len(payload)])
        elif len(payload) < 65536:
            head += bytes([128 | 126]) + struct.pack(">H", len(payload))
        else:
            head += bytes([128 | 127]) + struct.pack(">Q", len(payload))
        self.socket.sendall(head + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(payload)))

    def ask(self, **request):
        self.send(json.dumps(request).encode())

    def message(self):
        return json.loads(self.text())

    def until(self, wanted, most=20000):
        """The next message that wanted() says yes to."""
        for _ in range(most):
            message = self.message()
            if wanted(message):
                return message
        raise AssertionError("it did not come in %d messages" % most)

    def answer(self, **request):
        """Of a request: the answer, past news."""
        self.ask(**request)
        return self.until(lambda m: "topic" not in m)
