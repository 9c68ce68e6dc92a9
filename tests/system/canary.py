"""Canaries: words that stand for what nobody may see, a search that knows them in disguise, and events full of them."""

import base64
import json

# what each word stands for
EVENT = "qvevt7x"
NUMBER = "730519284613"  # of an event, and no text
TRACK = "qvtrk7x"        # a tracking id
REPLY = "qvrpl7x"        # what the endpoint says
SECRET = "qvsec7x"
NOTE = "qvnot7x"         # what a person gives as a reason
MARKS = [EVENT, NUMBER, TRACK, REPLY, SECRET, NOTE]


def base64_forms(word):
    """How the word looks within base64, wherever it begins."""
    for skip in range(3):
        text = base64.b64encode(b"\0" * skip + word + b"\0" * 3).decode()
        yield text[-(-skip * 8 // 6):(skip + len(word)) * 8 // 6]


def forms(mark):
    """(form, whether upper and lower case are one)."""
    word = mark.encode()
    yield mark, True
    yield word.hex(), True
    for mask in ("%{:02x}", "\\x{:02x}", "\\u{:04x}", "\\{:03o}", "{:02x} ", "&#{};"):
        yield "".join(mask.format(byte) for byte in word).strip(), True
    for text in base64_forms(word):
        yield text, False


FORMS = [(mark, form.lower() if folded else form, folded) for mark in MARKS for form, folded in forms(mark)]


def found(data, marks=MARKS):
    """What of the words stands in these bytes, each with what stands around it."""
    text = data.decode("latin-1")
    lower = text.lower()
    places = [(mark, (lower if folded else text).find(form)) for mark, form, folded in FORMS if mark in marks]
    return [(mark, text[max(0, at - 60):at + 60]) for mark, at in places if at >= 0]


def word(number):
    """A value that shows itself, wherever it is cut."""
    return f"{EVENT}{number} {EVENT}, \"{EVENT}\"\n{EVENT}é"


def event(line, number, **cells):
    """An event with a canary in every value of this one, in keys of its own, in numbers and nested values."""
    values = {key: word(number) for key in json.loads(line)}
    values.update({"Result_ID": f"{TRACK}{number}", f"{EVENT} key": word(number), "number": int(NUMBER),
                   "nested": {f"{EVENT} inner": [EVENT, int(NUMBER), {EVENT: EVENT}]}}, **cells)
    return json.dumps(values).encode()


# reason -> bytes that become a dead letter for it
BROKEN = {reason: text.replace(b"@", EVENT.encode()).replace(b"#", NUMBER.encode()) for reason, text in {
    "empty": b" \t ",
    "bom": b'\xef\xbb\xbf{"@":"@"}',
    "not_utf8": b'{"@":"@\xff@"}',
    "not_json": b'{"@":"@", @',
    "control_character": b'{"@":"@\x01@"}',
    "nul_character": b'{"@":"@\\u0000@"}',
    "lone_surrogate": b'{"@":"@\\ud800@"}',
    "number_too_large": b'{"@":"@","n":9007199254740993#}',
    "number_inexact": b'{"@":"@","n":#.12345678901234567890}',
    "too_deep": b'{"@":' + b'["@",' * 1100 + b"1" + b"]" * 1100 + b"}",
    "trailing_bytes": b'{"@":"@"} @',
    "not_object": b'["@",#]',
    "too_large": b'{"@":"' + b"@" * 30_000 + b'"}',
}.items()}

ALSO_BROKEN = [f"{EVENT}".encode(), f'"{EVENT}"'.encode(), NUMBER.encode(), b"\xff" + EVENT.encode(),
               f"{{{EVENT}:1}}".encode(), f'{{"{EVENT}":0{NUMBER}}}'.encode(), f"{EVENT}: {{}}".encode()]

SHAPES = [{"other": EVENT}, {"event": f'{{"a":"{EVENT}"}}', EVENT: EVENT}, {EVENT: NUMBER},
          {"event": "{}", "reason": EVENT, "batch": EVENT, "stage": EVENT, "column": NUMBER}]
TWICE = f'{{"{EVENT}":"{EVENT}1","Result_ID":"{TRACK}-1","{EVENT}":"{EVENT}2","Result_ID":"{TRACK}-2"}}'.encode()

# the columns of a route with `header: fixed`, and events that fail them
COLUMNS = [{"name": "Result_ID", "required": True}, {"name": "Name", "path": "/nested/name"},
           {"name": "Kind", "values": {"a": "A"}}, {"name": "Zip", "pattern": "[0-9]*"}]
FAILING = {"required": {EVENT: EVENT}, "not_in_values": {"Result_ID": TRACK, "Kind": EVENT},
           "pattern": {"Result_ID": TRACK, "Zip": EVENT}}
