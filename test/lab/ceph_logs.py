#!/usr/bin/env python3
"""Holds a capture against the logs (debug_ms = 1) of the Ceph daemons in it: every message that a daemon logged as received has to be among
ours, with the same sender, number, version and sizes, and what its text says has to be in our fields.

Usage, in the project's root after `npm run bundle`: ceph_logs.py CAPTURE LOG...
Every keyring in the capture's folder is tried. Prints what is missing on either side, and what differs.
"""
import collections
import datetime
import glob
import json
import os
import re
import subprocess
import sys

LINE = re.compile(
    r"^(\S+) \S+ +1 -- (?:\S+ )?<== (\S+) (\S+) (\d+) ==== (.*) ==== (\d+)\+(\d+)\+(\d+) \(\S+ \d+ \d+ \d+\)"
)
# seconds from the wire to the log: a daemon that was stopped has what came meanwhile later
NEAR = 30


def seconds(text):
    """Of `2026-11-28T14:04:01.500843000Z`, or `...+0000`."""
    date, fraction = text[:19], re.search(r"\.(\d+)", text).group(1)
    return datetime.datetime.fromisoformat(date + "+00:00").timestamp() + float("0." + fraction)


def logged(paths):
    """(time, receiver, sender, seq, version, sizes, text) of each message."""
    for path in paths:
        receiver = os.path.basename(path)[: -len(".log")]
        for line in open(path, errors="replace"):
            m = LINE.match(line)
            if m is None:
                continue
            when, sender, _, seq, text, *sizes = m.groups()
            version = re.search(r" v(\d+)$", text)
            yield seconds(when), receiver, sender, int(seq), int(version.group(1)) if version else None, tuple(map(int, sizes)), text


def decoded(path):
    """Our messages by receiver, sender, seq, version and sizes; and the time of the first packet and the last."""
    keys = [part for k in glob.glob(os.path.join(os.path.dirname(path), "*.keyring")) for part in ("--keyring", k)]
    run = subprocess.Popen(["node", "dist/bin.js", "analyze", "-f", "ndjson", *keys, path], stdout=subprocess.PIPE)
    messages, ends = collections.defaultdict(list), {}
    for line in run.stdout:
        event = json.loads(line)
        if event["type"] == "stream":
            session = event.get("session") or {}
            ends[event["stream"]] = [session.get(s) or session.get(s + "Type") or "?" for s in ("client", "server")]
        elif event["type"] == "message" and "messageType" in event["fields"] and event["complete"]:
            messages[event["stream"]].append(event)
    run.wait()
    return messages, ends


def kind(entity):
    """OSDs by number, others by their kind: a monitor's log has its name, the wire its rank."""
    return entity if entity.startswith("osd.") else entity.split(".")[0]


def alike(ours, theirs):
    """What was joined late is not known; and daemons have clients in them."""
    return ours in ("?", "client", theirs, theirs.split(".")[0])


def pg(f):
    return f"{f['pg']['pool']}.{f['pg']['seed']:x}"


def request(r):
    return f"{ {2: 'mds', 4: 'osd', 8: 'client'}.get(r['clientType'], '?') }.{r['client']}.{r['incarnation']}:{r['tid']}"


def version(v):
    return f"{v['epoch']}'{v['version']}"


def epochs(f):
    all_ = [m["epoch"] for m in f["incrementals"] + f["maps"]]
    return f"({min(all_)}..{max(all_)} src has {f['oldest']}..{f['newest']}" if all_ else ""


# what the text of a type has to have in it, from a message's front and header
FACTS = {
    "osd_op": lambda f, m: [f":{m['tid']} {pg(f)} {f['pg']['pool']}.{f['hash']:x} ", f" e{f['osdmapEpoch']})"],
    "osd_op_reply": lambda f, m: [
        f"({m['tid']} {f['object']} [{f['ops'][0]['op'] if f['ops'] else ''}",
        f"] v{version(f['replayVersion'])} uv{f['userVersion']} ",
        f" = {f['result']}",
    ],
    "osd_repop": lambda f, m: [f"({request(f['requestId'])} {pg(f)} e{f['mapEpoch']}/{f['minEpoch']}"],
    "osd_repop_reply": lambda f, m: [f"({request(f['requestId'])} {pg(f)} e{f['mapEpoch']}/{f['minEpoch']}"],
    "osd_ping": lambda f, m: [f" e{f['mapEpoch']} up_from {f['upFrom']} "],
    "osd_map": lambda f, m: [epochs(f)],
    "osd_boot": lambda f, m: [f"(osd.{f['superblock']['osd']} "],
    "osd_alive": lambda f, m: [f"want up_thru {f['want']} "],
    "pg_update_log_missing": lambda f, m: [f"({pg(f)} epoch {f['mapEpoch']}/", f" rep_tid {f['replicaTid']} "],
    "pg_update_log_missing_reply": lambda f, m: [f"({pg(f)} epoch {f['mapEpoch']}/", f" rep_tid {f['replicaTid']} "],
    # its spans of time are printed by way of a float of 32 bits
    "pg_lease": lambda f, m: [f"({pg(f)} pg_lease(ru ", f" e{f['epoch']}/"],
    "mdsbeacon": lambda f, m: [f"({f['gid']}/{f['name']} up:", f" seq={f['seq']} v{f['paxos']['version']}"],
    "client_request": lambda f, m: [f":{m['tid']} {f['op']} "],
    "client_reply": lambda f, m: [f":{m['tid']} = {f['result']} ("],
    "client_caps": lambda f, m: [f" ino 0x{int(f['ino']):x} {f['capId']} seq {f['seq']} ", f" follows {f['snapFollows']} "],
    "mgrmap": lambda f, m: [f"(e {f['map']['epoch']})"],
    "fsmap": lambda f, m: [f"(e {f['epoch']})"],
    "mdsmap": lambda f, m: [f"(e {f['epoch']})"],
    "service_map": lambda f, m: [f"(e{f['map']['epoch']} {len(f['map']['services'])} svc)"],
    "config": lambda f, m: [f"({len(f['options'])} keys)"],
    "mon_subscribe": lambda f, m: [f"{w['name']}={w['start']}" for w in f["what"]],
    # what is set is not printed
    "mon_command": lambda f, m: [] if "config set" in f["command"][0] else [f["command"][0]],
    "mon_get_version_reply": lambda f, m: [f"(handle={f['handle']} version={f['newest']})"],
    "mgrbeacon": lambda f, m: [f"mgr.{f['name']}({f['fsid']},{f['gid']}, "],
    "log": lambda f, m: [f"last {f['last']}" if "last" in f else f"({len(f['entries'])} entries from seq {f['entries'][0]['seq']} "],
}


def lacks(facts, fields, text):
    """What the text does not have; a message of another type may have the same number and sizes."""
    try:
        return [x for x in facts(fields["front"], fields) if x not in text] if facts else []
    except (KeyError, TypeError, ValueError):
        return ["?"] * 9


def main():
    path, *logs = sys.argv[1:]
    messages, ends = decoded(path)
    ours = collections.defaultdict(list)
    times = [seconds(e["time"]) for list_ in messages.values() for e in list_]
    first, last = min(times), max(times)
    for stream, list_ in messages.items():
        for e in list_:
            f = e["fields"]
            to_server = e["direction"] == "client-to-server"
            sender, receiver = ends.get(stream, ["?", "?"])[:: 1 if to_server else -1]
            key = (int(f["seq"]), f["frontLength"], f["middleLength"], f["dataLength"])
            ours[key].append((kind(receiver), kind(f["src"] or sender), e))
    total, found, types = 0, 0, collections.defaultdict(collections.Counter)
    lacking, missing, compared = collections.Counter(), collections.Counter(), collections.Counter()
    examples, used, receivers = {}, set(), set()
    for time, receiver, sender, seq, said, sizes, text in logged(logs):
        if seq == 0 or not first + 1 < time < last - 1:
            # what a daemon sends to itself has no number
            continue
        total += 1
        receivers.add(kind(receiver))
        name = re.match(r"[A-Za-z0-9_\-:]*", text).group(0)
        ends_match = lambda to, by: alike(to, kind(receiver)) and alike(by, kind(sender))
        # Tentacle's texts have no version
        near = [e for to, by, e in ours[(seq, *sizes)] if said in (None, e["fields"]["version"]) and ends_match(to, by) and abs(seconds(e["time"]) - time) < NEAR]
        if not near:
            missing[name] += 1
            examples.setdefault(("missing", name), f"{receiver} <== {sender} {seq} {text[:120]} {sizes}")
            continue
        found += 1
        facts = FACTS.get(name)
        tried = [(e, lacks(facts, e["fields"], text)) for e in near]
        best, lack = min(tried, key=lambda t: (len(t[1]), id(t[0]) in used))
        used.add(id(best))
        types[name][best["fields"]["messageType"]] += 1
        compared[name] += facts is not None
        if lack:
            lacking[name] += 1
            examples.setdefault(name, f"{lack} not in {text[:200]}")
    print(f"{os.path.basename(path)}: {found} of {total} logged messages are ours")
    for name, n in missing.most_common():
        print(f"  missing {n} {examples[('missing', name)]}")
    unlogged = collections.Counter(
        (to, e["fields"]["messageType"])
        for list_ in ours.values()
        for to, _, e in list_
        if id(e) not in used and to in receivers and first + 1 < seconds(e["time"]) < last - 1
    )
    for (receiver, name), n in unlogged.most_common(12):
        print(f"  not logged by {receiver}: {n} {name}")
    for name, to in sorted(types.items()):
        if len(to) > 1:
            print(f"  {name} is {dict(to)}")
    print(f"  texts held against fields: {sum(compared.values())} of {len(compared)} types, {sum(lacking.values())} differ")
    for name, n in lacking.most_common():
        print(f"  {name} differs {n} {examples[name]}")
    sys.exit(1 if missing or lacking else 0)


main()
