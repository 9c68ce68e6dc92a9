#!/usr/bin/python3
"""Writes the first files of the corpora event and csv beside this script.

Finds of a fuzzer are added by hand as find_*; this script leaves them alone.
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent / "corpus"

TAKEN = [
    b'{}', b'{"id":1}', b'{"id":"x"}\n{"id":"y"}', b'{"id":""}\n{}', b'{"id":null,"b":true,"c":false}',
    b'{"id":1,"a":[{"b":"deep"}]}', b'{"id":1,"a":[{"b":[ 1.10 , "]" ]}]}', b'{"id":1,"a/b":{"x":{"y":1}}}',
    b'{"id":1,"a":2,"a":3}', b'{"id":1,"id":2}', b'{"":1,"id":2}', b'{"id":"a,b"}', b'{"id":"\\""}', b'{"id":"\\r\\n"}',
    b'{"id":"\\u00e9\\ud83d\\ude00"}', '{"id":"é😀"}'.encode(), b'{"id":"\xe2\x80\xa8"}', b'{"id":[ "\xe2\x80\xa9" ]}',
    b'{"id":9007199254740991}', b'{"id":-9007199254740991}', b'{"id":0.1}', b'{"id":1.10}', b'{"id":1E3}', b'{"id":-0}',
    b'{"id":5e-324}', b'{"id":0.30000000000000004}', b'{"id":5.684341886080802e-14}', b'{"id":1e-7}',
    b'{"a":1,"b":2}\n{"b":3,"a":4}\n{"c":5}', b'{"a":1}\n{"b":1}\n{"c":1}\n{"d":1}\n{"e":1}', b'{}\n{}\n{"a":"","b":""}',
    b' { "a" : [ ] , "b" : { } } ', b'{"a":' + b'[' * 999 + b']' * 999 + b'}', b'{"a":"' + b'x' * 3000 + b'"}',
    b'{"x,y":1,"q\\"q":2,"l\\nf":3}', b'{"id":"\x7f\\u0001"}', b'{"\\u0061":1,"a":2}', b'{"id":{"k" : "\\\\" , "l":" \\" "}}',
]
REFUSED = [
    b'', b' \t', b'\xef\xbb\xbf{}', b'[1]', b'"x"', b'null', b'12', b'{"a":01}', b'{"a":1.}', b'{"a":.5}', b'{"a":+1}', b'{"a":-}',
    b'{"a":1e}', b'{"a":NaN}', b'{"a":tru}', b"{'a':1}", b'{a:1}', b'{"a":1,}', b'{"a":[1,]}', b'{"a" 1}', b'{"a":}', b'{"a":[1}',
    b'{"a":"x', b'{"a":"\\', b'{"a":"\\x"}', b'{"a":"\\u12"}', b'{"a":"\x00"}', b'{"a":"\t"}', b'{"a":"\xff"}', b'{"a":"\xc0\xaf"}',
    b'{"a":"\xed\xa0\x80"}', b'{"a":"\xe2\x82', b'{"a":"\\u0000"}', b'{"\\u0000":1}', b'{"a":"\\ud800"}', b'{"a":"\\udc00"}',
    b'{"a":"\\ud83d\\u0041"}', b'{"a":9007199254740992}', b'{"a":9007199254740993}', b'{"a":1e400}', b'{"a":0.1000000000000000055}',
    b'{"a":1e-400}', b'{"a":' + b'[' * 1000 + b']' * 1000 + b'}', b'{}{}', b'{} x', b'{}\x00', b'{"a":1}}',
    b'{"a":1.' + b'0' * 70 + b'}', b'{"a":1\x00}', b'{/**/}',
]
ROWS = [
    b'', b'a', b'a\x1fb', b'\x1f', b'\x1f\x1f', b'\x1e', b'a\x1eb', b',', b'"', b'""', b'\r', b'\n', b'\r\n', b'a,b\x1f"c"\x1f\r\nd', b'\x00',
    b'\x00\x1f\x00', b'\xff\xfe', b'\xe2\x80\xa8', b'\xe2\x80\xa9\x1f\xe2\x80\xa8\xe2\x80\xa8', b'\xe2\x80', b'\xe2\x80\xe2\x80\xa8', b'\xe2\xe2\x80\xa8',
    '😀,é'.encode(), b' a ', b'\t', b'=1+1', b'x' * 300, b'"' * 300, b'a\x1f' * 100, b'a\x1e' * 100, b'",",",', b"'", b';', b'""\x1f""', b'a"b"c',
]
TIGHT = [
    (0, b'a'), (0, b','), (0, b'"'), (0, b'\x1f'), (0, b''), (0, b'\x1e'), (1, b'abcd'), (1, b'abc'), (1, b'a,b'), (1, b'"'), (1, b'""'), (1, b'\x1f\x1f\x1f\x1f'),
    (1, b'a\x1fb\x1fc'), (2, b'abcdefgh'), (2, b'"""'), (2, b'abc\x1fdef,'), (2, b'\r\n\r\n'), (3, b'x' * 12), (3, b'"' * 5), (4, b'a,b\x1fc,d\x1fe,f'),
    (10, b'x' * 40), (10, b'"' * 19), (20, b'a\x1f' * 41), (50, b'x' * 200), (254, b'x' * 1016), (254, b'"' * 508),
]


def write(topic, kind, inputs):
    folder = HERE / topic
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(inputs, 1):
        (folder / f"{kind}_{number:02}").write_bytes(data)


def main():
    write("event", "taken", TAKEN)
    write("event", "refused", REFUSED)
    write("csv", "roomy", [b"\xff" + row for row in ROWS])
    write("csv", "refused", [bytes([room]) + row for room, row in TIGHT])
    return 0


if __name__ == "__main__":
    sys.exit(main())
