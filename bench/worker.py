"""The Python worker: what a careful user writes with redis-py, csv and requests.

A consumer group, whole batches, one connection to Redis and one to the endpoint for each thread, kept alive; events
are acknowledged and removed in one pipeline, and only after a 2xx. What an earlier life left pending comes first.
Begins at SIGUSR1, as the daemon's flush does, and ends a drain when nothing is left.
"""

import argparse
import csv
import io
import json
import signal
import threading

import redis
import requests

GROUP = "elrelay"


def cell(value):
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def to_csv(events):
    """All keys, first seen first; a row for each event."""
    rows = [json.loads(event) for event in events]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row.get(column)) for column in columns])
    return out.getvalue().encode()


class Worker:
    def __init__(self, wishes, number):
        self.wishes, self.name = wishes, f"worker-{number}"
        self.redis = redis.Redis(unix_socket_path=wishes.socket)
        self.session = requests.Session()
        self.session.trust_env = False  # no look for proxies and .netrc at each request

    def read(self, after):
        reply = self.redis.xreadgroup(GROUP, self.name, {self.wishes.stream: after}, count=self.wishes.batch)
        return reply[0][1] if reply else []

    def send(self, entries):
        ids = [entry for entry, _ in entries]
        answer = self.session.post(
            self.wishes.url, data=to_csv(fields[b"event"] for _, fields in entries), timeout=60,
            headers={"Content-Type": "text/csv", "Idempotency-Key": f"{ids[0].decode()}-{len(ids)}"})
        answer.raise_for_status()
        pipe = self.redis.pipeline(transaction=False)
        pipe.xack(self.wishes.stream, GROUP, *ids)
        pipe.xdel(self.wishes.stream, *ids)
        pipe.execute()

    def drain(self):
        for after in ("0", ">"):
            while entries := self.read(after):
                self.send(entries)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--stream", required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--in-flight", type=int, default=1)
    wishes = parser.parse_args()

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    workers = [Worker(wishes, number) for number in range(wishes.in_flight)]
    try:
        workers[0].redis.xgroup_create(wishes.stream, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise
    print("ready", flush=True)
    while True:
        signal.sigwait({signal.SIGUSR1})
        threads = [threading.Thread(target=worker.drain) for worker in workers[1:]]
        for thread in threads:
            thread.start()
        workers[0].drain()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
