"""A door in front of Redis that kills the daemon, or Redis, at a given command: before it is carried out, or before its reply.

So a kill falls with the same likelihood on every step of a batch's life, also on those that take a tenth of a
millisecond. Aimed with `door.scissors` it cuts the connections instead; `delay` makes each answer come so much later.
A daemon may also be stopped (SIGSTOP): then the command, or its reply, is kept back until `rest`.
"""

import contextlib
import re
import signal
import socket
import threading
import time

CHUNK = 1 << 16
LENGTH = re.compile(rb"[*$](\d+)\r\n")


class Commands:
    """Cuts the bytes of a client into whole commands."""

    def __init__(self):
        self.bytes = b""

    def feed(self, data):
        self.bytes += data
        while True:
            end = self.end()
            if not end:
                return
            yield self.bytes[:end]
            self.bytes = self.bytes[end:]

    def end(self):
        """Where the first command ends; 0: not yet here."""
        head = LENGTH.match(self.bytes)
        if not head:
            return 0
        at = head.end()
        for _ in range(int(head[1])):
            part = LENGTH.match(self.bytes, at)
            if not part or len(self.bytes) < part.end() + int(part[1]) + 2:
                return 0
            at = part.end() + int(part[1]) + 2
        return at


class Scissors:
    """What the door signals instead of a daemon."""

    def __init__(self, door):
        self.door = door

    def signal(self, _):
        self.door.cut()


class Door:
    def __init__(self, path, server):
        self.server = str(server)
        self.scissors, self.ends, self.delay = Scissors(self), [], 0
        self.lock = threading.Lock()
        self.left, self.after, self.daemon, self.struck, self.what = 0, False, None, False, b""
        self.number, self.hit, self.goes_on = signal.SIGKILL, threading.Event(), threading.Event()
        self.strikes, self.command = 0, b""  # how many there were, and the last one's command
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def aim(self, daemon, commands, after, what=b"", number=signal.SIGKILL):
        """Strikes it at the so-many-th command from now that has these bytes: after it is carried out, or else before.
        False: it is aimed at already."""
        with self.lock:
            if self.daemon or self.struck:
                return False
            self.daemon, self.left, self.after, self.what, self.number = daemon, commands, after, what, number
            self.hit.clear()
            self.goes_on.clear()
            return True

    def rest(self, daemon=None):
        """No more; with a daemon: only if it is that one that was aimed at."""
        with self.lock:
            if daemon and self.daemon not in (None, daemon):
                return
            self.daemon, self.struck = None, False
            self.goes_on.set()

    def strikes_within(self, seconds):
        """Whether it did; if not, it does no more."""
        if self.hit.wait(seconds):
            return True
        with self.lock:
            if not self.hit.is_set():
                self.daemon, self.struck = None, False
            return self.hit.is_set()

    def is_spent(self):
        return not self.daemon

    def cut(self):
        """All connections, at once and both ways."""
        ends, self.ends = self.ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def counts(self, command):
        """One more command; says whether it is the one, and which side of it is meant."""
        with self.lock:
            if not self.daemon or self.what not in command:
                return None
            self.left -= 1
            return None if self.left else ("after" if self.after else "before")

    def strike(self):
        """Whether the connection lives on."""
        with self.lock:
            if self.daemon:
                self.daemon.signal(self.number)
                self.hit.set()
            self.daemon, self.struck = None, False
            self.strikes += 1
        if self.number == signal.SIGKILL:
            return False
        self.goes_on.wait()
        return True

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self.server)
                except OSError:
                    client.close()
                    server.close()
                    continue
                self.ends += [client, server]
                for work in (self.go_up, self.go_down):
                    threading.Thread(target=self.carry, args=(work, client, server), daemon=True).start()

    def carry(self, work, client, server):
        with contextlib.suppress(OSError):
            work(client, server)
        for end in (client, server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def go_up(self, client, server):
        commands = Commands()
        while data := client.recv(CHUNK):
            for command in commands.feed(data):
                side = self.counts(command)
                self.command = command if side else self.command
                if side == "before" and not self.strike():
                    return
                if side == "after":
                    self.struck = True
                server.sendall(self.changed(command))

    def changed(self, command):
        """What Redis gets instead; for those who build on this."""
        return command

    def answer(self, data):
        """What the client gets instead."""
        return data

    def go_down(self, client, server):
        while data := server.recv(CHUNK):
            if self.struck and not self.strike():
                return
            time.sleep(self.delay)
            client.sendall(self.answer(data))

    def close(self):
        self.listener.close()
