# SPDX-License-Identifier: GPL-2.0-or-later
"""Print a report in the format JUnit: matrix-junit.py FOLDER ROW...

FOLDER has for each ROW a file with its seconds and the number of its failures,
ROW.detail with what failed, a line each, and ROW.json of kunit.py, unless it ran
no suites. A failure that belongs to no case becomes one.
"""
import json
import sys
from pathlib import Path
from xml.etree import ElementTree


def cases(group, path=()):
    """Yield (suite, case, status) of every case below a group."""
    for case in group.get("test_cases", []):
        yield ".".join(path), case["name"], case["status"]
    for sub in group.get("sub_groups", []):
        yield from cases(sub, path + (sub["name"],))


def add_case(suite, classname, name, status, text=""):
    element = ElementTree.SubElement(suite, "testcase", name=name,
                                     classname=classname)
    if status == "SKIP":
        ElementTree.SubElement(element, "skipped")
    elif status != "PASS":
        ElementTree.SubElement(element, "failure", message=status).text = text


def add_row(root, folder, row):
    seconds, failed = (folder / row).read_text(encoding="utf-8").split()
    detail = (folder / f"{row}.detail").read_text(encoding="utf-8").strip()
    report = folder / f"{row}.json"
    suite = ElementTree.SubElement(root, "testsuite", name=row, time=seconds)
    if report.exists():
        for path, name, status in cases(json.loads(report.read_text(encoding="utf-8"))):
            add_case(suite, f"{row}.{path}", name, status)
    unseen = int(failed) - len(suite.findall("testcase/failure"))
    if unseen > 0 or not len(suite):
        add_case(suite, row, "build and kernel log",
                 "FAIL" if unseen > 0 else "PASS", detail)
    for name, path in (("tests", "testcase"), ("failures", "testcase/failure"),
                       ("skipped", "testcase/skipped")):
        suite.set(name, str(len(suite.findall(path))))


def main():
    folder, *rows = sys.argv[1:]
    root = ElementTree.Element("testsuites", name="virtio-gpio")
    for row in rows:
        add_row(root, Path(folder), row)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(sys.stdout, encoding="unicode",
                                        xml_declaration=True)
    print()


main()
