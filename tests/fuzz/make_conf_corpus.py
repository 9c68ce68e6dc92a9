#!/usr/bin/env python3
"""Makes tests/fuzz/corpus/conf: configurations that are taken (good_*) and refused (bad_*).

Run it after a change to the settings; the same script always writes the same files.
"""

import pathlib

FOLDER = pathlib.Path(__file__).parent / "corpus" / "conf"
ROUTE = b"routes:\n- name: covid\n  endpoint:\n    profile: plain\n    url: https://reports.example.org/api\n"
LISTING = b"routes:\n- name: covid\n  endpoint:\n    url: https://reports.example.org/api/reports\n"
SECOND = b"- name: flu\n  endpoint: {profile: plain, url: 'https://h'}\n"

GOOD = {
    "least": ROUTE,
    "two_routes": ROUTE + SECOND,
    "shards": ROUTE + b"  shards: 3\n  queue: {stream: '{lab}:events', inbox: test-events}\n" + SECOND,
    "flow": b"{routes: [{name: a, endpoint: {profile: plain, url: 'https://h'}}]}\n",
    "json": b'{"routes": [{"name": "a", "endpoint": {"profile": "plain", "url": "https://h"}}], "stop_grace": "1s"}\n',
    "document_marks": b"%YAML 1.1\n---\n" + ROUTE + b"...\n",
    "crlf": ROUTE.replace(b"\n", b"\r\n"),
    "bom": b"\xef\xbb\xbf" + ROUTE,
    "utf16": ROUTE.decode().encode("utf-16"),
    "comments": b"# one\n" + ROUTE + b"  # two\n",
    "empty_sections": b"redis:\nlog: ~\nheartbeat: null\n" + ROUTE,
    "redis": b"redis: {url: 'redis://u:p@h:1/0', password_file: /p, retry: {first: 1ms, cap: 1h}}\n" + ROUTE,
    "redis_tls": b"redis:\n  url: rediss://h\n  ca_file: /c\n  cert_file: /t\n  key_file: /k\n" + ROUTE,
    "unix": b"redis: {url: 'unix:///run/redis.sock?db=3'}\n" + ROUTE,
    "top": b"instance: a.b_c-1\nheartbeat: {every: 1s, life: 2s}\non_stop: drain\nstop_grace: 0s\n" + ROUTE,
    "log": b"log: {format: json, level: error}\n" + ROUTE,
    "queue": ROUTE + b"  queue: {stream: s, inbox: i, inbox_end: right, peek_count: 40}\n",
    "batch": ROUTE + b"  batch: {min_events: 10000, max_events: 10000, max_bytes: 1GB, max_wait: 7d}\n",
    "schedule": ROUTE + b"  schedule: {every: 1d}\n",
    "first": ROUTE + b"  format: {type: csv, header: first, tracking_id: id, line_end: crlf}\n",
    "columns": ROUTE + b"  format:\n    header: fixed\n    tracking_id: a\n    columns:\n"
    b"    - {name: a, path: /x/y, required: true, pattern: '^[0-9]+$'}\n"
    b"    - name: b\n      default: U\n      values: {f: F, '': '', \"\\u00e9\": e}\n",
    "headers": ROUTE + b"    headers: {client: x, X-Y_z.1: '', a: \"b\\tc\"}\n",
    "key": ROUTE + b"    auth: {type: key, header: x-functions-key, secret_file: /s}\n",
    "bearer": ROUTE + b"    auth: {type: bearer, secret_file: /s}\n",
    "times": ROUTE + b"    timeout: 1h\n    connect_timeout: 100ms\n    low_speed: {bytes: 1KiB, time: 1m}\n",
    "tls": ROUTE + b"    ca_file: /c\n    cert_file: /t\n    key_file: /k\n    proxy: socks5h://u:p@h:1\n",
    "retry": ROUTE + b"    retry: {first: 1h, cap: 1d}\n",
    "plain_http": b"routes: [{name: a, endpoint: {profile: plain, url: 'http://h/', allow_http: true}}]\n",
    "loopback": b"routes: [{name: a, endpoint: {profile: plain, url: 'http://[::1]:1/?code=x&y'}}]\n",
    "variables": b"instance: ${A}-${B:-b}\nstop_grace: ${UNSET:-5s}\n" + ROUTE + b"    headers: {a: $c $$ }\n",
    "aliases": b"routes:\n- name: a\n  batch: &b {max_events: 5}\n  endpoint: &e {profile: plain, url: 'https://h'}\n"
    b"- {name: b, batch: *b, endpoint: *e}\n",
    "tags": b"!!map\nstop_grace: !!str 5s\n" + ROUTE,
    "lookup": LISTING + b"    headers: {client: c}\n",
    "lookup_url": ROUTE + b"    on_unknown: lookup\n"
    b"    lookup: {url: 'https://h/list', settle: 1h, gap: 0s, fallback: resend}\n    max_unknown: 1\n    max_halves: 2\n",
    "block_text": ROUTE + b"    headers:\n      a: >-\n        folded\n        text\n",
}

BAD = {
    "empty": b"",
    "null": b"~",
    "text": b"hello\n",
    "list": b"- a\n- b\n",
    "two_documents": ROUTE + b"---\n" + ROUTE,
    "open_quote": b'instance: "a\n',
    "open_flow": b"log: {level: info\n",
    "tab": b"log:\n\tlevel: info\n",
    "bad_indent": b"log:\n  level: info\n format: text\n",
    "not_utf8": b"instance: \xff\xfe\xfd\n",
    "control": b"instance: \x01\n",
    "nul": b"instance: \x00\n",
    "nul_escape": b'instance: "a\\0b"\n',
    "bytes": bytes(range(256)),
    "unknown_alias": b"log: *nobody\n",
    "alias_of_itself": b"routes:\n- &r\n  format:\n    columns: [*r]\n",
    "alias_flood": b"routes:\n- name: a\n  format:\n    columns: &c [&d {name: x}" + b", *d" * 150 + b"]\n"
    + b"- format: {columns: *c}\n" * 150,
    "deep": b"[" * 500,
    "deep_mapping": b"".join(b" " * i + b"a:\n" for i in range(100)),
    "unknown": b"admin: {listen: 1}\n" + ROUTE,
    "shards": ROUTE + b"  shards: 2\n" + SECOND.replace(b"flu", b"covid.1"),
    "near": ROUTE + b"  batch: {max_event: 1}\n",
    "long_name": b"a" * 900 + b": b\n",
    "twice": b"instance: a\ninstance: b\n",
    "complex_key": b"? {a: b}\n: c\n",
    "wrong_type": b"stop_grace: [1s]\n",
    "out_of_limits": ROUTE + b"  queue: {peek_count: 41}\n",
    "overflow": b"stop_grace: 99999999999999999999d\n",
    "no_unit": b"stop_grace: 25\n",
    "unset": b"instance: ${UNSET}\n",
    "open_variable": b"instance: ${A\n",
    "nested_variable": b"instance: ${UNSET:-${A}}\n",
    "long_value": b"instance: " + b"x" * 70000 + b"\n",
    "missing_file": b"redis: {ca_file: /missing}\n",
    "same_name": ROUTE + ROUTE[8:],
    "pattern": ROUTE + b"  format: {header: fixed, columns: [{name: a, pattern: '[a'}]}\n",
    "header_line_end": ROUTE + b'    headers: {a: "b\\r\\nc: d"}\n',
    "own_header": ROUTE + b"    headers: {Content-Length: 5}\n",
    "lookup_without_client": LISTING,
    "lookup_query": LISTING + b"    lookup: {url: 'https://h/list?a=b'}\n",
    "url_user": b"routes: [{name: a, endpoint: {url: 'https://u:p@h'}}]\n",
    "url_form": b"routes: [{name: a, endpoint: {url: 'https://[::1'}}]\n",
    "url_http": b"routes: [{name: a, endpoint: {url: 'http://127.1/'}}]\n",
}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind, files in (("good", GOOD), ("bad", BAD)):
        for name, text in files.items():
            (FOLDER / f"{kind}_{name}.yaml").write_bytes(text)
    print(f"{len(GOOD)} good, {len(BAD)} bad")


if __name__ == "__main__":
    main()
