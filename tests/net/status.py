#!/usr/bin/env python3
"""What a client says of itself, in one shape.

usage: status.py tor SOCKET             ask a tor by its control socket
       status.py hsfetch SOCKET LABEL   have a tor fetch the descriptor of this
                                        onion service: it comes, or it fails
       status.py get WHAT < JSON        one thing of it, as plain lines

`onion-transparent status --json` prints this shape itself:
  {"bootstrap": {"percent": 100, "tag": "done", "summary": "Done"},
   "guards":   [{"nickname": "r1", "fingerprint": "..", "state": "up"}],
   "circuits": [{"id": 7, "state": "built", "purpose": "general",
                 "path": [{"nickname": "r1", "fingerprint": ".."}, ..],
                 "crypto": "CGO", "joined": 8}],
   "streams":  [{"id": 9, "circuit": 7, "state": "open",
                 "target": "203.0.113.80:80"}]}

WHAT: bootstrap            "100 done Done"
      guards               a nickname a line, those that may be used
      sampled              those, and the ones that may not be used now
      primaries            the same of the primary ones, the best first,
                           whatever their state (of tor: of all)
      paths                "r1 r2 r3" for each built circuit
      path-of TARGET       the path that carries a stream to it; for a
                           target that no stream has, nothing
      legs-of TARGET       that of its youngest stream; and that of the
                           circuit joined to it, if there is one
      circuits-of TARGET   ids of the circuits that carry streams to it
      streams-of TARGET    ids of the streams to it, each with its path
      crypto-of TARGET     how the last hop of these is spoken to
      intros               of a tor with onion services: the relays that
                           introduce to them
      text                 all of it, for a person
"""
import json
import re
import socket
import sys


class Control:
    def __init__(self, path):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(30)
        sock.connect(path)
        self.file = sock.makefile("rw", newline="\r\n")
        self.ask("AUTHENTICATE")

    def ask(self, command):
        self.file.write(command + "\r\n")
        self.file.flush()
        lines, in_data = [], False
        while True:
            line = self.file.readline().rstrip("\r\n")
            if in_data:
                in_data = line != "."
                if in_data:
                    lines.append(line)
            elif re.match(r"\d\d\d ", line):
                if line[0] != "2":
                    sys.exit("tor says: " + line)
                return lines
            else:
                in_data = line[3:4] == "+"
                lines.append(line[4:])

    def event(self):
        """The next one, as its words; what is no event is passed over."""
        while True:
            line = self.file.readline()
            if line.startswith("650"):
                return line[4:].split()
            if not line:
                sys.exit("tor went away")

    def info(self, key):
        lines = self.ask("GETINFO " + key)
        first = lines[0].partition("=")[2]
        return [line for line in [first] + lines[1:] if line]


def node(text):
    fingerprint, _, nickname = text.lstrip("$").partition("~")
    return {"nickname": nickname, "fingerprint": fingerprint}


def words(line):
    return dict(re.findall(r'(\w+)="?([^" ]*)"?', line))


def of_tor(path):
    ctl = Control(path)
    phase = ctl.info("status/bootstrap-phase")[0]
    summary = re.search(r'SUMMARY="([^"]*)"', phase)
    out = {"bootstrap": {"percent": int(words(phase)["PROGRESS"]),
                         "tag": words(phase)["TAG"],
                         "summary": summary.group(1) if summary else ""},
           "guards": [], "circuits": [], "streams": []}
    for line in ctl.info("entry-guards"):
        who, state = line.split()[:2]
        out["guards"].append(dict(node(who), state=state))
    for line in ctl.info("circuit-status"):
        ident, state, *rest = line.split()
        path = rest[0].split(",") if rest and rest[0][0] == "$" else []
        out["circuits"].append({
            "id": int(ident), "state": state.lower(),
            "purpose": words(line).get("PURPOSE", "").lower(),
            "hs": words(line).get("HS_STATE", ""),
            "path": [node(hop) for hop in path]})
    for line in ctl.info("stream-status"):
        ident, state, circuit, target = line.split()[:4]
        out["streams"].append({
            "id": int(ident), "circuit": int(circuit), "target": target,
            "state": "open" if state == "SUCCEEDED" else state.lower()})
    return out


def hsfetch(path, label):
    """Several directories are asked, one after the other."""
    ctl = Control(path)
    ctl.ask("SETEVENTS HS_DESC")
    ctl.ask("HSFETCH " + label)
    while True:
        what, action, *rest = ctl.event()
        if what == "HS_DESC" and rest and rest[0] == label:
            print(action, *rest)
            if action == "RECEIVED":
                return True
            if action == "FAILED" and "REASON=NOT_FOUND" not in rest:
                return False


def path_text(circuit):
    return " ".join(hop["nickname"] for hop in circuit["path"])


def get(status, what, target=None):
    if what == "bootstrap":
        b = status["bootstrap"]
        print(b["percent"], b["tag"], b["summary"])
    elif what == "guards":
        for guard in status["guards"]:
            if guard["state"] in ("up", "untried", "never-connected"):
                print(guard["nickname"])
    elif what == "sampled":
        for guard in status["guards"]:
            print(guard["nickname"])
    elif what == "primaries":
        for guard in status["guards"]:
            if guard.get("rank", "primary") == "primary":
                print(guard["nickname"])
    elif what == "paths":
        for circuit in status["circuits"]:
            if circuit["state"] == "built":
                print(path_text(circuit))
    elif what == "path-of":
        wanted = {s["circuit"] for s in status["streams"]
                  if s["target"] == target and s["state"] == "open"}
        for circuit in status["circuits"]:
            if circuit["id"] in wanted and circuit["path"]:
                print(path_text(circuit))
    elif what == "legs-of":
        ours = [s for s in status["streams"]
                if s["target"] == target and s["state"] == "open"]
        wanted = max(ours, key=lambda s: s["id"])["circuit"] if ours else None
        for circuit in status["circuits"]:
            if wanted in (circuit["id"], circuit.get("joined")):
                print(path_text(circuit))
    elif what == "streams-of":
        paths = {c["id"]: path_text(c) for c in status["circuits"]}
        for stream in status["streams"]:
            if stream["target"] == target and stream["state"] == "open":
                print(stream["id"], paths.get(stream["circuit"], ""))
    elif what == "circuits-of":
        for stream in status["streams"]:
            if stream["target"] == target and stream["state"] == "open":
                print(stream["circuit"])
    elif what == "crypto-of":
        wanted = {s["circuit"] for s in status["streams"]
                  if s["target"] == target and s["state"] == "open"}
        for circuit in status["circuits"]:
            if circuit["id"] in wanted or circuit.get("joined") in wanted:
                print(circuit["crypto"])
    elif what == "intros":
        for circuit in status["circuits"]:
            if circuit["purpose"] == "hs_service_intro" and \
                    circuit["hs"] == "HSSI_ESTABLISHED":
                print(circuit["path"][-1]["nickname"])
    elif what == "text":
        print(json.dumps(status, indent=1))
    else:
        sys.exit(__doc__)


if sys.argv[1:2] == ["tor"]:
    print(json.dumps(of_tor(sys.argv[2])))
elif sys.argv[1:2] == ["hsfetch"]:
    sys.exit(not hsfetch(*sys.argv[2:]))
elif sys.argv[1:2] == ["get"]:
    get(json.load(sys.stdin), *sys.argv[2:])
else:
    sys.exit(__doc__)
