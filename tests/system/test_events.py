"""elrelay-events: events that look real, and are the same on every machine."""

import collections
import datetime
import hashlib
import json
import re
import subprocess

import pytest

from relay_rig import BUILD, ELRELAY, PATIENCE

TOOL = BUILD / "tools/elrelay-events"

COLUMNS = """
Patient_last_name Patient_first_name Patient_middle_name Patient_suffix Patient_tribal_affiliation Patient_ID
Ordered_test_code Specimen_source_site_code Specimen_type_code Test_Kit_Name_ID Device_ID Equipment_Model_ID
Instrument_ID Result_ID Corrected_result_ID Test_correction_reason Test_result_status Order_result_status
Observation_result_status Test_result_code Illness_onset_date Specimen_collection_date_time Order_test_date Test_date
Date_result_released Patient_race Patient_DOB Patient_gender Patient_ethnicity Patient_preferred_language
Patient_street Patient_street_2 Patient_city Patient_state Patient_zip_code Patient_country Patient_phone_number
Patient_county Patient_email Patient_role Processing_mode_code Employed_in_healthcare Resident_congregate_setting
First_test Symptomatic_for_disease Testing_lab_name Testing_lab_CLIA Testing_lab_street Testing_lab_street_2
Testing_lab_city Testing_lab_state Testing_lab_zip_code Testing_lab_phone_number Testing_lab_county
Organization_name Ordering_facility_name Ordering_facility_street Ordering_facility_street_2 Ordering_facility_city
Ordering_facility_state Ordering_facility_zip_code Ordering_facility_phone_number Ordering_facility_county
Ordering_facility_email Ordering_provider_ID Ordering_provider_last_name Ordering_provider_first_name
Ordering_provider_street Ordering_provider_street_2 Ordering_provider_city Ordering_provider_state
Ordering_provider_zip_code Ordering_provider_phone_number Ordering_provider_county Site_of_care
""".split()

DAY = r"20\d\d[01]\d[0-3]\d"
MINUTE = DAY + r"[0-2]\d[0-5]\d-\d{4}"
YES_NO = "Y|N|UNK"
STATE, ZIP, PHONE = "[A-Z]{2}", r"\d{5}", r"\d{3}55501\d\d"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
PATTERNS = {
    "Patient_last_name": ".+", "Patient_tribal_affiliation": r"\d*", "Patient_ID": UUID,
    "Ordered_test_code": r"\d{5}-\d",
    "Specimen_source_site_code": "71836000|45206002|53342003|31389004|123851003",
    "Specimen_type_code": "258500001|445297001|697989009|871810001|258529004|119342007",
    "Device_ID": ".+", "Instrument_ID": UUID, "Result_ID": UUID, "Corrected_result_ID": f"|{UUID}",
    "Test_result_status": "F|C", "Order_result_status": "F|C", "Observation_result_status": "F|C",
    "Test_result_code": "260373001|260415000|419984006|455371000124106",
    "Illness_onset_date": f"|{DAY}", "Specimen_collection_date_time": MINUTE, "Order_test_date": MINUTE,
    "Test_date": DAY, "Date_result_released": DAY,
    "Patient_race": "1002-5|2028-9|2054-5|2076-8|2106-3|2131-1|UNK|ASKU", "Patient_DOB": r"(19|20)\d{6}",
    "Patient_gender": "[MFOAUN]", "Patient_ethnicity": "[HNU]", "Patient_country": "USA",
    "Processing_mode_code": "P", "Employed_in_healthcare": YES_NO, "Resident_congregate_setting": YES_NO,
    "First_test": YES_NO, "Symptomatic_for_disease": YES_NO, "Testing_lab_CLIA": r"\d\dD\d{7}",
    "Ordering_provider_ID": r"1\d{9}",
    **{f"{party}_{part}": pattern for party in ("Patient", "Testing_lab", "Ordering_facility", "Ordering_provider")
       for part, pattern in (("street", r"\d+ .+"), ("city", ".+"), ("state", STATE), ("zip_code", ZIP),
                             ("phone_number", PHONE), ("county", ".+"))},
}


def run(*args, code=0):
    done = subprocess.run([TOOL, *map(str, args)], capture_output=True, timeout=PATIENCE)
    assert done.returncode == code, (args, done)
    return done


def lines_of(count, *args):
    lines = run("--count", count, *args).stdout.split(b"\n")
    assert lines.pop() == b"" and len(lines) == count
    return lines


def events_of(count, *args):
    return [json.loads(line) for line in lines_of(count, *args)]


def is_near(found, count, probability):
    """Within six standard deviations: the seed is fixed, so this cannot come and go."""
    return abs(found - count * probability) < 6 * (count * probability * (1 - probability)) ** 0.5


def day(text):
    return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def luhn(digits):
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits))]
    return sum(value // 10 + value % 10 for value in doubled) % 10


def test_events_of_a_seed_are_the_same_bytes():
    args = (300, "--seed", 7, "--error-rate", "Patient_state=0.2", "--malformed", 0.1, "--duplicate", 0.1)
    lines = lines_of(*args)
    assert lines == lines_of(*args)
    assert set(lines).isdisjoint(lines_of(300, "--seed", 8))


def test_events_are_the_same_on_every_machine():
    text = run("--count", 500, "--seed", 3, "--error-rate", "Patient_race=0.1", "--malformed", 0.05,
               "--duplicate", 0.05).stdout
    assert hashlib.sha256(text).hexdigest() == "7dbfc13f9574581e29c749379694a063a38faccce553fa84a34136d86fe5ed6c"


def test_events_start_continues_the_series():
    args = ("--seed", 5, "--malformed", 0.1, "--duplicate", 0.1, "--error-rate", "Patient_DOB=0.5")
    assert lines_of(100, *args) + lines_of(200, *args, "--start", 101) == lines_of(300, *args)


def test_events_have_the_columns_in_order():
    assert len(COLUMNS) == 75
    for event in events_of(200):
        assert list(event) == COLUMNS
        assert all(isinstance(value, str) for value in event.values())


def test_events_have_ids_of_their_own():
    ids = [event["Result_ID"] for event in events_of(2000) + events_of(2000, "--start", 2001)]
    assert len(set(ids)) == 4000
    assert set(ids).isdisjoint(event["Result_ID"] for event in events_of(2000, "--seed", 2))


def test_events_go_up_to_the_last_number():
    (event,) = events_of(1, "--start", (1 << 48) - 1)
    assert event["Result_ID"].endswith("-" + "f" * 12)


def test_events_are_of_the_size_of_real_ones():
    lines = lines_of(2000)
    assert 2200 < sum(map(len, lines)) / len(lines) < 3200


@pytest.mark.parametrize("column", PATTERNS)
def test_events_keep_formats_and_codes(column, plain_events):
    wrong = {event[column] for event in plain_events if not re.fullmatch(PATTERNS[column], event[column])}
    assert not wrong


def test_events_have_dates_that_agree(plain_events):
    for event in plain_events:
        days = [day(event[name]) for name in ("Order_test_date", "Specimen_collection_date_time", "Test_date",
                                              "Date_result_released")]
        assert days == sorted(days) and day(event["Patient_DOB"]) < days[0]
        assert event["Order_test_date"] <= event["Specimen_collection_date_time"]
        assert (event["Illness_onset_date"] != "") == (event["Symptomatic_for_disease"] == "Y")
        assert event["Illness_onset_date"] == "" or day(event["Illness_onset_date"]) < days[1]


def test_events_have_addresses_that_agree(plain_events):
    homes = collections.defaultdict(set)
    for event in plain_events:
        for party in ("Patient", "Testing_lab", "Ordering_facility", "Ordering_provider"):
            homes[event[f"{party}_zip_code"]].add(
                (event[f"{party}_city"], event[f"{party}_state"], event[f"{party}_county"],
                 event[f"{party}_phone_number"][:3]))
        homes[event["Testing_lab_name"]].add((event["Testing_lab_CLIA"], event["Testing_lab_street"]))
        homes[event["Ordering_provider_ID"]].add((event["Ordering_provider_last_name"],
                                                  event["Ordering_provider_street"]))
    assert [home for home, known in homes.items() if len(known) > 1] == []


def test_events_have_provider_ids_with_a_check_digit(plain_events):
    assert {luhn("80840" + event["Ordering_provider_ID"]) for event in plain_events} == {0}


def test_events_correct_earlier_ones():
    events = events_of(3000)
    number = {event["Result_ID"]: index for index, event in enumerate(events)}
    corrections = [event for event in events if event["Corrected_result_ID"]]
    assert is_near(len(corrections), 3000, 0.02)
    for event in events:
        status = "C" if event["Corrected_result_ID"] else "F"
        assert event["Test_result_status"] == status and (event["Test_correction_reason"] != "") == (status == "C")
    assert all(number[event["Corrected_result_ID"]] < number[event["Result_ID"]] for event in corrections)


def test_events_hold_what_csv_must_quote(plain_events):
    text = "".join(value for event in plain_events for value in event.values())
    assert all(mark in text for mark in ',"\\\'')
    assert not text.isascii()


@pytest.mark.parametrize("column,coded", [("Patient_last_name", False), ("Patient_state", True),
                                          ("Testing_lab_CLIA", True), ("Result_ID", False)])
def test_events_error_rate_spoils_that_column_alone(column, coded):
    plain, spoilt = events_of(2000), events_of(2000, "--error-rate", f"{column}=0.25")
    wrong = [event[column] for event in spoilt if event[column] in ("", f"WRONG_{column}")]
    assert is_near(len(wrong), 2000, 0.25)
    assert is_near(wrong.count(""), len(wrong), 0.5) if coded else set(wrong) == {""}
    for one, other in zip(plain, spoilt):
        assert one[column] == other[column] or other[column] in wrong
        assert {**one, column: ""} == {**other, column: ""}


def test_events_error_rates_add_up():
    for event in events_of(100, "--error-rate", "Patient_state=1", "--error-rate", "Patient_city=1"):
        assert event["Patient_state"] in ("", "WRONG_Patient_state") and event["Patient_city"] == ""


def test_events_duplicates_repeat_an_earlier_line():
    lines = lines_of(3000, "--duplicate", 0.2)
    assert is_near(len(lines) - len(set(lines)), 3000, 0.2)
    ids = collections.defaultdict(set)
    for line in lines:
        ids[json.loads(line)["Result_ID"]].add(line)
    assert all(len(known) == 1 for known in ids.values())


def test_events_are_new_where_they_are_no_duplicate():
    plain = set(lines_of(1000))
    assert set(lines_of(1000, "--duplicate", 0.5)) < plain


def convert(lines):
    done = subprocess.run([ELRELAY, "convert"], input=b"\n".join(lines) + b"\n", capture_output=True,
                          timeout=PATIENCE)
    return [line.split(": ") for line in done.stderr.decode().splitlines() if line.startswith("line ")]


def test_events_are_taken_by_the_relay():
    assert convert(lines_of(500)) == []


def test_events_malformed_are_refused_for_many_reasons():
    named = convert(lines_of(1000, "--malformed", 1))
    assert [place for place, *_ in named] == [f"line {number}" for number in range(1, 1001)]
    assert {parts[1] for parts in named} == {
        "bom", "control_character", "lone_surrogate", "not_json", "not_object", "not_utf8", "nul_character",
        "number_too_large", "trailing_bytes"}


def test_events_malformed_rate_leaves_the_rest_alone():
    plain, broken = lines_of(2000), lines_of(2000, "--malformed", 0.1)
    changed = [index for index, line in enumerate(broken) if line != plain[index]]
    assert is_near(len(changed), 2000, 0.1)
    assert len(convert(broken)) == len(changed)


@pytest.mark.parametrize("args,words", [
    (["--error-rate", "Patient_stat=0.1"], ["Patient_stat", "nearest is Patient_state"]),
    (["--error-rate", "patient_dob=0.1"], ["nearest is Patient_DOB"]),
    (["--error-rate", "Nope=1"], ['named "Nope"\n']),
    (["--error-rate", "x" * 5000 + "=0.1"], ["--error-rate"]),
    (["--error-rate", "Patient_state"], ["FIELD=P"]),
    (["--error-rate", "Patient_state=2"], ["--error-rate", "0 to 1"]),
    (["--malformed", "-0.1"], ["--malformed", "0 to 1"]),
    (["--duplicate", "nan"], ["--duplicate", "0 to 1"]),
    (["--duplicate", "0.1x"], ["--duplicate", "0 to 1"]),
    (["--malformed", ""], ["--malformed", "0 to 1"]),
    (["--count", "many"], ["--count", "many"]),
    (["--start", "0"], ["--start", "number 1"]),
    (["--start", str((1 << 48) - 1), "--count", "2"], ["--start", str((1 << 48) - 1)]),
    (["--count", str((1 << 64) - 1)], ["--count"]),
    (["--seed"], ["--seed", "value"]),
    (["--nope"], ["--nope"]),
    (["ten"], ["ten"]),
])
def test_events_refuse_a_wrong_command_line(args, words):
    done = run(*args, code=2)
    assert done.stdout == b"" and all(word in done.stderr.decode() for word in words)


def test_events_help_names_each_option():
    text = run("--help").stdout.decode()
    for option in ("count", "seed", "start", "error-rate", "malformed", "duplicate", "help"):
        assert f"--{option}" in text


def test_events_end_quietly_when_nobody_reads_on():
    with subprocess.Popen([TOOL, "--count", "100000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        assert (process.wait(PATIENCE), process.stderr.read()) == (0, b"")


def test_events_say_that_the_disk_is_full():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([TOOL], stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE)
    assert done.returncode == 1 and b"standard output" in done.stderr


@pytest.fixture(scope="module")
def plain_events():
    return events_of(2000, "--seed", 11)
