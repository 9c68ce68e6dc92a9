#!/usr/bin/python3
"""Writes the corpus of fuzz_answer: bodies as endpoints send them, whole and broken."""

import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent / "corpus/answer"
ANSWERED, ENDLESS, EARLY, CREATED, OK, REFUSED, GATEWAY = 0, 8, 0x80, 3, 2, 7, 17
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


def warned():
    for named in ({"indices": [1, 2]}, {"trackingIds": ["R1", None, "row3"]}, {"indices": [None, 7, 1.5], "trackingIds": []},
                  {"indices": [4], "trackingIds": [""]}, {"indices": {}, "trackingIds": "R1"}, {}):
        yield receipt(warnings=[error(**named)])
        yield receipt(warnings=[error(message="\u00e9\"\n\x01" * 999, **named)] * 3, errors=[error(**named)])
    yield receipt(warnings=[7, None, "x", [], error(message=None)])
    yield receipt(warnings=[error(indices=[1, 2, 3, 4] * 400)])


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


def error(scope="item", message="Blank value for element x.", **more):
    return {"scope": scope, "message": message, "errorCode": "UNKNOWN", **more}


def refusal(*errors, **changes):
    return receipt(**{"id": None, "httpStatus": 400, "reportItemCount": None, "errorCount": len(errors),
                      "errors": errors, **changes})


def items():
    named = error(indices=[2], trackingIds=["R2"], field="x (x)")
    copy = error(message="Item is a duplicate.", indices=[1, 4], trackingIds=[None, None])
    everything = error("report", "All items in this submission are duplicates.")
    yield refusal(named)
    yield refusal(named, copy)
    yield refusal(copy)
    yield refusal(everything)
    yield refusal(everything, named)
    yield refusal(everything, errorCount=2)
    yield refusal(error(indices=[None, None, 3], trackingIds=["R1", "R2", "row3"]))
    yield refusal(error(trackingIds=["R1", "R9"]))
    yield refusal(error(indices=[0, 5, -1, 1e300, "1", [], {}]))
    yield refusal(error(indices=[1], trackingIds=["R2"]))
    yield refusal(error())
    yield refusal(error("report", "Your file is missing x header."), named)
    yield refusal(error("report", "CSV file has an inconsistent number of columns on row: 2"))
    yield refusal(error("parameter", "Missing Content-Type header"))
    yield refusal(named, id=ID)
    yield refusal("text", 7, None, [named])
    yield refusal(errors={})
    yield json.dumps({"errors": [{"indices": [1]}, {"trackingIds": ["R2"]}]}).encode()


def listed(name="batch-0001", second=0, number=267, **changes):
    return {"submissionId": number, "timestamp": f"2024-04-11T20:43:{second:02}.424Z", "sender": "x.default",
            "httpStatus": 201, "id": ID, "topic": "covid-19", "reportItemCount": 2, "fileName": "",
            "externalName": name, **changes}


def pages():
    for rows in ([], [listed()], [listed(), listed()], [listed(), listed(number=268)], [listed(reportItemCount=3)],
                 [listed(None)], [listed("other", at) for at in range(60)],
                 [listed("other", at) for at in range(59)] + [listed(second=59)], [listed("other")] * 50,
                 [listed("other", 2), listed(second=1)], [listed(httpStatus=500)], [listed(id=None)],
                 [listed(submissionId=None)], [listed(timestamp="yesterday")], [listed(timestamp=None)], [7, None],
                 [{"timestamp": "2024-04-11T20:43:02.424Z"}], [listed(timestamp="0000-01-01T00:00:00Z")]):
        yield json.dumps(rows).encode()
    yield json.dumps([listed()]).encode()[:-20]
    yield json.dumps(listed()).encode()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, bodies in (("good", good()), ("refused", broken())):
        for at, body in enumerate(bodies):
            status = CREATED if name == "good" or at % 3 else (OK, REFUSED, GATEWAY)[at // 3 % 3]
            (FOLDER / f"{name}-{at:02}").write_bytes(bytes([ANSWERED, status]) + body)
    for name, status, bodies in (("items", REFUSED, items()), ("list", OK, pages())):
        for at, body in enumerate(bodies):
            (FOLDER / f"{name}-{at:02}").write_bytes(bytes([ANSWERED, status]) + body)
    for at, body in enumerate(warned()):
        (FOLDER / f"warned-{at:02}").write_bytes(bytes([ANSWERED, CREATED]) + body)
        (FOLDER / f"endless-{at:02}").write_bytes(bytes([ENDLESS, CREATED]) + body[:-3])
    (FOLDER / "early-00").write_bytes(bytes([EARLY, CREATED]) + receipt())
    (FOLDER / "early-01").write_bytes(bytes([EARLY, GATEWAY]))
    (FOLDER / "early-02").write_bytes(bytes([EARLY, REFUSED]) + next(items()))


main()
