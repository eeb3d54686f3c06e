#!/usr/bin/env python3
"""tests/net/flood.py - packets of every kind, so many a second, until killed

usage: flood.py lan RATE COUNT IF MAC SRC4 SRC6 DST4 DST6
       flood.py host RATE COUNT IF MAC SRC4 SRC6 DST4 DST6 UID RELAY4 RELAY6

As root.  lan: frames, by a packet socket, as a client's program with all rights
would send them.  host: raw sockets and packet sockets, and sockets of the
account UID, bound to the interface and not, to the destination; and to a relay,
from PORT.  RATE is kept by the clock: who was not given the time to send sends
what is owed.  How many it has tried to send is in the file COUNT, as text.
"""
import collections
import os
import random
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "platform"))
import fwraw  # noqa: E402

PORT = 45678                    # tests/net/onhost.sh looks for it
KINDS = ("everyday", "flags", "odd", "protocols", "hops", "pretend")
CLIENTS = 16                    # connections that are begun, and not yet closed
AT_MOST = 2000                  # owed packets that are sent in one go


def packets(src, dst, kinds):
    m = fwraw.Maker(src, dst)
    for kind in kinds:
        yield from fwraw.KINDS[kind](m)


def framer(link, mac):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((link, 0))
    head = bytes.fromhex(mac.replace(":", "")) + s.getsockname()[4]

    def send(packet):
        ether = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\0"
        s.send(head + ether + packet)
    return send


def raw(dst):
    """The kernel routes what we wrote, header and all."""
    family = fwraw.family_of(dst)
    s = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def send(packet):
        s.sendto(packet, (dst, 0))
    return send


class User:
    """What a program without rights sends."""

    def __init__(self, uid, link):
        self.uid, self.link = uid, link
        self.begun = collections.deque()

    def socket(self, family, kind, bound):
        os.seteuid(self.uid)
        try:
            s = socket.socket(family, kind)
        finally:
            os.seteuid(0)
        s.setblocking(False)
        if bound:
            s.setsockopt(socket.SOL_SOCKET, fwraw.SO_BINDTODEVICE,
                         self.link.encode())
        return s

    def udp(self, dst, port, bound=False):
        s = self.socket(fwraw.family_of(dst), socket.SOCK_DGRAM, bound)

        def send(_):
            s.sendto(b"x" * 40, (dst, port))
        return send, None

    def tcp(self, dst, port, bound=False, source=None):
        def send(_):
            s = self.socket(fwraw.family_of(dst), socket.SOCK_STREAM, bound)
            self.begun.append(s)
            if len(self.begun) > CLIENTS:
                self.begun.popleft().close()
            if source:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(("", source))
            s.connect((dst, port))
        return send, None

    def all(self, dst4, dst6, relay4, relay6):
        for dst, relay in ((dst4, relay4), (dst6, relay6)):
            for bound in (False, True):
                for port in (53, 123, 443, 3478, 5353, 9001):
                    yield self.udp(dst, port, bound)
                yield self.tcp(dst, 80, bound)
                yield self.tcp(relay, 9001, bound, PORT)


def lan(link, mac, src4, src6, dst4, dst6):
    send = framer(link, mac)
    for src, dst in ((src4, dst4), (src6, dst6)):
        for packet in packets(src, dst, KINDS):
            yield send, packet


def host(link, mac, src4, src6, dst4, dst6, uid, *relays):
    wire = framer(link, mac)
    for src, dst in ((src4, dst4), (src6, dst6)):
        route = raw(dst)
        for packet in packets(src, dst, KINDS):
            yield route, packet
        for packet in packets(src, dst, ("everyday", "packet")):
            yield wire, packet
    user = User(int(uid), link)
    for _ in range(4):
        yield from user.all(dst4, dst6, *relays)


def main(where, rate, count, *args):
    rate, tried, begun = int(rate), 0, time.monotonic()
    random.seed(1)
    todo = list({"lan": lan, "host": host}[where](*args))
    out = os.open(count, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    while True:
        random.shuffle(todo)
        for send, packet in todo:
            owed = int((time.monotonic() - begun) * rate) - tried
            if owed <= 0 or tried % 64 == 0:
                os.pwrite(out, b"%12d\n" % tried, 0)
            if owed <= 0:
                time.sleep(0.005)
            elif owed > AT_MOST:        # we were stopped: that is past
                begun += (owed - AT_MOST) / rate
            try:
                send(packet)
            except OSError:     # refused on its way out: as good
                pass
            tried += 1


main(*sys.argv[1:])
