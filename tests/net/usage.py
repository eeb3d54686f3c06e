#!/usr/bin/env python3
"""usage: usage.py PID: "cpu-seconds rss-KiB" of it and all its descendants.

CPU is user and system time, of children that ended as well, where somebody
waited for them.  RSS is a plain sum: pages shared by processes of one
program count once for each, to that program's disadvantage.
"""
import os
import sys

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE") // 1024


def processes():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid, encoding="latin-1") as f:
                yield int(pid), f.read().rpartition(")")[2].split()
        except OSError:
            pass


def family(root):
    stats = dict(processes())
    mine = {root} & stats.keys()
    while True:
        more = {p for p, s in stats.items() if int(s[1]) in mine} - mine
        if not more:
            return [stats[p] for p in mine]
        mine |= more


rows = family(int(sys.argv[1]))
# fields of proc(5) stat, counted from "state": utime 11 .. cstime 14, rss 21
cpu = sum(sum(map(int, row[11:15])) for row in rows) / TICK
rss = sum(int(row[21]) for row in rows) * PAGE
print("%.2f %d" % (cpu, rss))
