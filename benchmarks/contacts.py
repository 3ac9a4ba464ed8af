"""Contacts in real ads: what is found in all of them, and in a hundred that a person read first; and in invented ones.

    python benchmarks/contacts.py [FILE]

FILE is the public scrape of 1,070 ads of November 2017 that is not part of this repository (its telephone numbers and
e-mail addresses were replaced by fictional ones). `contacts_read.jsonl` holds, of a hundred of them drawn at random,
where one careful reader saw a telephone number or an e-mail address in the description, before any program had read
them: code points only, under a hash of the ad's id. A contact counts as found where kind and place agree, a bracket or
a space aside.

Nobody in those hundred gives an e-mail address, so `contacts_written.txt` has 60 that are hidden, with 60 telephone
numbers and 60 sentences in which nothing stands: invented, and written before the code that reads them was looked at.
Every second one may be mended on, and its faults are printed; the other half only measures.

Ends with one JSON line; where FILE is not there only the invented ones are read, and the exit code is 5.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from contacts_written import HALVES, measure_written

from pipelines.reading.contacts import find_contacts

HERE = Path(__file__).parent
FILE = HERE.parent.parent / "shared" / "data" / "armslist-2017.jsonl"
KINDS = frozenset({"phone", "email"})
SLACK = 2  # code points


def measure(path: Path) -> dict[str, Any]:
    read = {line["ad"]: line["contacts"] for line in map(json.loads, (HERE / "contacts_read.jsonl").open())}
    found_in_all: Counter[str] = Counter()
    right, wrong, missed, ads, both = 0, 0, 0, 0, 0
    for line in path.open(encoding="utf-8"):
        ad = json.loads(line)
        contacts = find_contacts(ad["description"], field="description", country="US")
        found_in_all.update(contact.kind for contact in contacts)
        ads += 1
        name = hashlib.sha256(str(ad["id"]).encode()).hexdigest()[:16]
        if name not in read:
            continue
        both += 1
        seen = [tuple(one) for one in read[name]]
        for contact in contacts:
            if contact.kind not in KINDS:
                continue
            match = next((one for one in seen if _same(one, contact.kind, contact.start, contact.end)), None)
            if match is None:
                wrong += 1
                print(f"found and not seen: ad {name}, {contact.kind} at {contact.start}..{contact.end}")
            else:
                right += 1
                seen.remove(match)
        missed += len(seen)
        for kind, start, end in seen:
            print(f"seen and not found: ad {name}, {kind} at {start}..{end}")
    recall, precision = _share(right, right + missed), _share(right, right + wrong)
    print(f"{ads} ads: {dict(found_in_all)}")
    print(f"{both} ads read by a person: {right + missed} contacts seen, {right} found, {wrong} found that are none")
    return {
        "bench": "contacts",
        "figures": {"ads": ads, "found": dict(found_in_all), "read": both, "seen": right + missed},
        "bars": {
            "recall": {"value": recall, "bar": 1.0, "met": recall == 1.0},
            "precision": {"value": precision, "bar": 1.0, "met": precision == 1.0},
        },
    }


def _same(one: tuple[Any, ...], kind: str, start: int, end: int) -> bool:
    return one[0] == kind and abs(one[1] - start) <= SLACK and abs(one[2] - end) <= SLACK


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


def measure_invented() -> dict[str, Any]:
    """Figures of the invented sentences by section and half; the faults of the first half are printed."""
    figures: dict[str, Any] = {}
    for (section, half), tally in measure_written().items():
        figures[f"{section}, {half}"] = {"there": tally.there, "found": tally.found, "wrong": tally.wrong}
        print(f"invented, {section}, {half}: {tally.found} of {tally.there} found, {tally.wrong} found that are none")
        for fault in tally.faults if half == HALVES[0] else ():
            print(f"    {fault}")
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    path = parser.parse_args().file
    invented = measure_invented()
    there = path.is_file()
    if not there:
        print(f"{path} is not there: the ads are not part of this repository", file=sys.stderr)
    found = measure(path) if there else {"bench": "contacts", "figures": {}, "bars": {}}
    found["figures"]["invented"] = invented
    print(json.dumps(found))
    return 0 if there else 5


if __name__ == "__main__":
    sys.exit(main())
