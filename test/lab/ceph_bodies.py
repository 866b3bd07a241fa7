#!/usr/bin/env python3
"""How much of the messages in Ceph captures (of both messengers) is described: for each capture the pairs of message type and version, those with a body,
and the bytes of fronts that no field describes.

Usage, in the project's root after `npm run bundle`: ceph_bodies.py [-v] FOLDER_OR_CAPTURE...
Every keyring in a capture's folder is tried. -v lists the pairs without a body, and those with undescribed bytes. Exit 1 where there are any.
"""
import collections
import glob
import json
import os
import subprocess
import sys


def captures(arguments):
    for path in arguments:
        if os.path.isdir(path):
            for name in sorted(os.listdir(path)):
                if name.endswith((".pcap", ".pcapng", ".gz")):
                    yield os.path.join(path, name)
        else:
            yield path


def messages(path):
    keys = [part for k in glob.glob(os.path.join(os.path.dirname(path), "*.keyring")) for part in ("--keyring", k)]
    command = ["node", "dist/bin.js", "analyze", "-f", "ndjson", *keys, path]
    run = subprocess.Popen(command, stdout=subprocess.PIPE)
    for line in run.stdout:
        event = json.loads(line)
        if event["type"] == "message" and event["name"] in ("MESSAGE", "MSG") and event["complete"]:
            yield event["fields"]
    run.wait()


def main():
    verbose = "-v" in sys.argv
    total = collections.Counter()
    bad = collections.Counter()
    every = set()
    for path in captures([a for a in sys.argv[1:] if a != "-v"]):
        pairs, bodies, undecoded = set(), set(), 0
        for fields in messages(path):
            if "messageType" not in fields or fields.get("aborted"):
                continue
            pair = (fields["messageType"], fields["version"])
            pairs.add(pair)
            n = fields.get("frontUndecoded", 0)
            undecoded += n
            if isinstance(fields.get("front"), dict):
                bodies.add(pair)
                if n > 0:
                    bad[pair] += n
            else:
                bad[pair] += 0
        every |= pairs
        if pairs:
            print(f"{os.path.basename(path):34} {len(bodies):3} of {len(pairs):3} pairs have a body, frontUndecoded {undecoded}")
        total["pairs"] += len(pairs)
        total["bodies"] += len(bodies)
        total["undecoded"] += undecoded
    print(f"{total['bodies']} of {total['pairs']} pairs ({len(every)} different), frontUndecoded {total['undecoded']}")
    if verbose:
        for (name, version), n in sorted(bad.items()):
            print(f"  {name} v{version}: {n} bytes undescribed" if n else f"  {name} v{version}: no body")
    sys.exit(1 if bad else 0)


main()
