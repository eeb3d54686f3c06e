#!/usr/bin/env python3
"""tests/net/qmp.py - tell a QEMU something by its monitor

usage: qmp.py SOCKET COMMAND [JSON]	what it answers, as JSON
       qmp.py SOCKET snapshot FILE	stop it, and write all of it to FILE; it
					stays stopped
       qmp.py SOCKET resume FILE	one that was begun with -incoming defer
"""
import json
import socket
import sys
import time


def connected(path, patience):
    """One that was just begun may not listen yet."""
    end = time.monotonic() + patience
    while True:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(120)
        try:
            s.connect(path)
            return s
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > end:
                raise
        s.close()
        time.sleep(0.1)


class Monitor:
    def __init__(self, path, patience=60):
        self.socket = connected(path, patience)
        self.lines = self.socket.makefile("r")
        self.lines.readline()
        self.tell("qmp_capabilities")

    def tell(self, command, **arguments):
        self.socket.sendall(json.dumps(
            {"execute": command, "arguments": arguments}).encode())
        for line in self.lines:
            said = json.loads(line)
            if "error" in said:
                sys.exit("%s: %s" % (command, said["error"]["desc"]))
            if "return" in said:
                return said["return"]
        sys.exit("%s: it is gone" % command)

    def snapshot(self, file):
        self.tell("stop")
        self.tell("migrate", uri="exec:cat >'%s'" % file)
        self.until("query-migrate", "completed")

    def resume(self, file):
        # QEMU itself would tell the network (RARP) where the machine is now
        self.tell("migrate-set-parameters", **{"announce-rounds": 0})
        self.tell("migrate-incoming", uri="exec:cat '%s'" % file)
        self.until("query-status", "paused")
        self.tell("cont")

    def until(self, query, wanted):
        for _ in range(1200):
            state = self.tell(query).get("status")
            if state == wanted:
                return
            if state in ("failed", "cancelled"):
                break
            time.sleep(0.1)
        sys.exit("%s: %s, and not %s" % (query, state, wanted))


def main(path, command, argument="{}"):
    monitor = Monitor(path)
    if command == "snapshot":
        monitor.snapshot(argument)
    elif command == "resume":
        monitor.resume(argument)
    else:
        print(json.dumps(monitor.tell(command, **json.loads(argument))))


if __name__ == "__main__":
    main(*sys.argv[1:])
