"""An endpoint of a few lines that does what no decent server does: each connection is handed to a function."""

import re
import socket
import threading

HEAD_END = b"\r\n\r\n"


class RawEndpoint:
    """Calls serve(connection, request) for each request that came whole; keeps the requests."""

    def __init__(self, serve, port=0):
        self.serve_one, self.requests, self.ends = serve, [], []
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def url(self, path="/lab"):
        return f"http://127.0.0.1:{self.port}{path}"

    def run(self):
        try:
            while True:
                end = self.listener.accept()[0]
                self.ends.append(end)
                threading.Thread(target=self.talk, args=(end,), daemon=True).start()
        except OSError:
            pass

    def talk(self, end):
        try:
            while request := read_request(end):
                self.requests.append(request)
                self.serve_one(end, request)
        except OSError:
            pass
        finally:
            end.close()

    def close(self):
        # accept() in another thread keeps the port until it returns
        for end in [self.listener, *self.ends]:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


def read_request(end):
    """Head and body of the next request; nothing where the client is gone."""
    data = b""
    while HEAD_END not in data:
        part = end.recv(1 << 16)
        if not part:
            return b""
        data += part
    head, body = data.split(HEAD_END, 1)
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    while len(body) < int(length[1] if length else 0):
        part = end.recv(1 << 16)
        if not part:
            return b""
        body += part
    return head + HEAD_END + body


def reset(end):
    """Ends a connection with RST."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    end.close()
