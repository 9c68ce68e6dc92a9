#!/usr/bin/python3
"""Writes the corpus of fuzz_answer: bodies as endpoints send them, whole and broken."""

import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent / "corpus/answer"
ANSWERED, CREATED, OK, REFUSED, GATEWAY = 0, 3, 2, 7, 17
ID = "11111111-2222-3333-4444-555555555555"


def receipt(**changes):
    body = {"id": ID, "submissionId": 267, "overallStatus": "Received", "timestamp": "2024-04-11T20:43:02.424Z",
            "reportItemCount": 2, "errorCount": 0, "warningCount": 0, "httpStatus": 201, "destinations": [],
            "externalName": "batch-0001", "errors": [], "warnings": [], "topic": "covid-19"}
    return json.dumps({**body, **changes}).encode()


def good():
    yield receipt()
    yield receipt(warningCount=3, warnings=[{"scope": "item", "indices": [1, 2], "trackingIds": ["R1", None]}])
    yield receipt(reportItemCount=None)
    yield receipt(submissionId=2 ** 53 - 1)
    yield receipt(new={"deep": [[[[]]]]}, text="\u2028\u00e9\U0001f9ea")
    for count in range(25):
        yield receipt(reportItemCount=count, submissionId=count * 7, warningCount=count % 3)


def broken():
    whole = receipt()
    for cut in range(1, len(whole), len(whole) // 12):
        yield whole[:cut]
    yield receipt(id=None)
    yield receipt(id="not-a-uuid")
    yield receipt(id=7)
    yield receipt(errorCount=1)
    yield receipt(errorCount="0")
    yield receipt(errorCount=-1)
    yield receipt(errorCount=1e400)
    yield whole + b"x"
    yield b"\xef\xbb\xbf" + whole
    yield b"<html><body>504 Gateway Time-out</body></html>"
    yield b"'client:x': unknown sender"
    yield b"[" * 2000
    yield b"\xff\xfe\x00"
    yield b""


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, bodies in (("good", good()), ("refused", broken())):
        for at, body in enumerate(bodies):
            status = CREATED if name == "good" or at % 3 else (OK, REFUSED, GATEWAY)[at // 3 % 3]
            (FOLDER / f"{name}-{at:02}").write_bytes(bytes([ANSWERED, status]) + body)


main()
