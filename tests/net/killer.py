#!/usr/bin/env python3
"""tests/net/killer.py - keeps a program running as a supervisor would, and
kills its processes

usage: killer.py DIR COUNT... -- PROGRAM [ARG...]

The program is started, and started again at once whenever it dies, until TERM
comes, which is handed on.  In DIR are the pipe `do`, which takes commands, a
line each, and the file `done`, which has a line for each that is done:
	kill N SEED	SIGKILL at N random moments, N lines "N: what happened"
			in the file `kills`
	signal SIG KIND	to that process, if there is one
	pids		KIND=PID of each
	hush 1|0	from now on it may die by itself, or may not
The moments are counted in packets: those that the flood says, in the files
COUNT, that it has sent.  A death that followed none of our signals is a line in
the file `guilty`.

KIND: parent, engine, firewall, keeper, holder, nft (which the firewall's
process runs).
"""
import collections
import os
import random
import signal
import subprocess
import sys
import time

NAMES = {"ot-engine": "engine", "ot-firewall": "firewall",
         "ot-keeper": "keeper", "nft": "nft"}
STEP = 0.003
PATIENCE = 60           # for whatever has to come in the end
MEAN, FEWEST, MOST = 450, 10, 3000      # packets between two moments


def stat_of(pid):
    """Name, state, parent; or None."""
    try:
        with open("/proc/%d/stat" % pid, encoding="latin-1") as f:
            text = f.read()
    except OSError:
        return None
    name, rest = text[text.index("(") + 1:].rsplit(")", 1)
    state, parent = rest.split()[:2]
    return name, state, int(parent)


class Killer:
    def __init__(self, where, counts, command):
        self.where, self.counts, self.command = where, counts, command
        self.child = None
        self.over = self.touched = self.hushed = False
        self.starts = 0
        self.killed = collections.Counter()
        os.mkfifo(self.path("do"))
        # both ends, so that it never ends
        self.commands = os.open(self.path("do"), os.O_RDWR | os.O_NONBLOCK)
        self.rest = b""
        signal.signal(signal.SIGTERM, self.on_term)

    def path(self, name):
        return os.path.join(self.where, name)

    def note(self, name, text):
        with open(self.path(name), "a", encoding="ascii") as f:
            f.write(text + "\n")

    # ---- the supervisor -----------------------------------------------------

    def on_term(self, *_):
        self.over = True
        if self.child and self.child.poll() is None:
            self.child.terminate()

    def start(self):
        self.touched = False
        self.starts += 1
        self.child = subprocess.Popen(self.command)

    def supervise(self):
        if self.child and self.child.poll() is None:
            return
        if self.child and self.over:
            rc = self.child.returncode
            sys.exit(rc if rc >= 0 else 128 - rc)
        if self.child and not (self.touched or self.hushed):
            self.note("guilty", "start %d ended by itself, with status %d" %
                      (self.starts, self.child.returncode))
        if self.child:
            # it is no process any more; should it be its own fault that
            # there is none, not too often
            time.sleep(0 if self.touched else 0.2)
        self.start()

    def pause(self):
        time.sleep(STEP)
        self.supervise()

    # ---- who there is -------------------------------------------------------

    def find(self):
        """{kind: pid}, of those that live."""
        found = {}
        if self.child and self.child.poll() is None:
            found["parent"] = self.child.pid
        others = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or not (s := stat_of(int(entry))):
                continue
            if s[1] not in "ZX":
                others[int(entry)] = s
        for pid, (name, _, parent) in others.items():
            if name.startswith("ot-hold-"):
                found["holder"] = pid
            elif name == "nft":
                if others.get(parent, " ")[0] == "ot-firewall":
                    found["nft"] = pid
            elif name in NAMES and parent == found.get("parent"):
                found[NAMES[name]] = pid
        return found

    def send(self, sig, kind, pid):
        try:
            fd = os.pidfd_open(pid)
        except OSError:
            return False
        try:
            if kind != "parent" and not self.is_kind(kind, pid):
                return False    # the number is another's by now
            signal.pidfd_send_signal(fd, sig)
            self.touched = self.touched or sig not in (signal.SIGHUP,
                                                       signal.SIGCONT)
            return True
        except OSError:
            return False
        finally:
            os.close(fd)

    @staticmethod
    def is_kind(kind, pid):
        s = stat_of(pid)
        name = s[0] if s else ""
        return NAMES.get(name) == kind or (kind == "holder" and
                                           name.startswith("ot-hold-"))

    # ---- moments ------------------------------------------------------------

    def tried(self):
        total = 0
        for count in self.counts:
            with open(count, "rb") as f:
                total += int(f.read() or b"0")
        return total

    def packets(self, n):
        """Waits until so many more were sent."""
        until = self.tried() + n
        while self.tried() < until and not self.over:
            self.pause()

    def until(self, condition):
        end = time.monotonic() + PATIENCE
        while not self.over and time.monotonic() < end:
            if condition():
                return True
            self.pause()
        return False

    def reload(self):
        # before it has children a HUP is its end, which is not what is meant
        self.until(lambda: {"engine", "firewall"} & set(self.find()))
        self.send(signal.SIGHUP, "parent", self.child.pid)

    def moment(self, rng):
        """Waits for one; says which, and who lives then."""
        how = rng.choices(("any", "start", "reload", "nft", "engine"),
                          (55, 15, 15, 10, 5))[0]
        if how == "start":
            found = self.find()
            if "parent" in found and self.send(signal.SIGKILL, "parent",
                                               found["parent"]):
                child = self.child
                self.until(lambda: self.child is not child)
            self.packets(rng.randint(1, 600))
        elif how == "reload":
            self.reload()
            self.packets(rng.randint(1, 300))
        elif how == "nft":
            self.reload()
            end = self.tried() + MOST
            self.until(lambda: "nft" in self.find() or self.tried() > end)
        else:
            self.packets(max(FEWEST, min(MOST, int(
                rng.expovariate(1 / MEAN)))))
            if how == "engine":
                self.until(lambda: "engine" in self.find())
        return how

    def kill_some(self, rng):
        """At one moment; returns what, or nothing if nobody was there."""
        how = self.moment(rng)
        found = self.find()
        kinds = sorted(found)
        if not kinds:
            return None
        if how == "nft" and "nft" in kinds:
            some = [rng.choice(("nft", "firewall"))]
        elif rng.random() < 0.25:
            some = rng.sample(kinds, rng.randint(1, len(kinds)))
        else:       # those that had it least often more often
            some = rng.choices(kinds, [1 / (1 + self.killed[k]) ** 2
                                       for k in kinds])
        some = [k for k in some if k in found and
                self.send(signal.SIGKILL, k, found[k])]
        self.killed.update(some)
        return "%s: %s" % (how, " ".join(some)) if some else None

    def kill(self, count, seed):
        rng = random.Random(int(seed))
        done = 0
        while done < int(count) and not self.over:
            what = self.kill_some(rng)
            if what:
                done += 1
                self.note("kills", "%d: %s" % (done, what))
            self.supervise()

    # ---- commands -----------------------------------------------------------

    def signal(self, name, kind):
        found = self.find()
        if kind in found:
            self.send(getattr(signal, name), kind, found[kind])

    def obey(self, line):
        word, *args = line.split()
        text = line
        if word == "kill":
            self.kill(*args)
        elif word == "signal":
            self.signal(*args)
        elif word == "hush":
            self.hushed = args == ["1"]
        elif word == "pids":
            text = " ".join("%s=%d" % kv for kv in sorted(self.find().items()))
        self.note("done", text)

    def live(self):
        self.start()
        while True:
            try:
                self.rest += os.read(self.commands, 4096)
            except BlockingIOError:
                pass
            while b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                self.obey(line.decode())
            self.pause()


def main(where, *args):
    at = args.index("--")
    Killer(where, args[:at], args[at + 1:]).live()


main(*sys.argv[1:])
