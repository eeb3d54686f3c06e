#!/usr/bin/env python3
"""What the catalogue's rows throw at a gateway, and who sees what comes of it.

usage: catalogue.py rows                  the rows that are frames of a LAN's client
       catalogue.py throw ROW... IF MAC RELAY4 RELAY6
                                          those frames; how many of each
       catalogue.py own USER-OR-0 RELAY4 RELAY6
                                          what the host's own programs try:
                                          any user's (1), or root's (0)
       catalogue.py frame IF MAC SRC DST  a datagram and a segment; the MAC may
                                          be "all"
       catalogue.py uplink IF MAC ADDRESS...
                                          from outside, to each address: every
                                          port, protocol, flag, error
       catalogue.py scan IF MAC SRC DST STEP
                                          ports of an address: which answer
       catalogue.py loopback IF MAC       to addresses of the loopback
       catalogue.py shadow IF MAC SRC DST PORT
                                          from a port that is somebody else's
       catalogue.py answers IF MAC SRC DST
                                          to the ports that "shadow" came from,
                                          with "stolen" in them
       catalogue.py fill IF MAC COUNT     so many flows to port 53
       catalogue.py fills COUNT           the same, by a program on the host
       catalogue.py synack IF MAC SRC DST PORT
                                          what the answer to a SYN looks like
       catalogue.py hold HOST[@SOURCE]... connects to port 7 of each, "ready"; at
                                          USR1 sends a byte on each, "sent"; at
                                          USR2 closes half of them by FIN and
                                          the others by RST, "closed"
       catalogue.py watch IF MAC ADDRESS...
                                          frames that come to IF from that host
                                          for one of the addresses, but ARP and
                                          neighbours'; says "ready", and at TERM
                                          how many
       catalogue.py names IF TOKEN...     what comes to IF: says "ready", and at
                                          TERM what it tells of its sender
       catalogue.py small IF FROM         ICMP's "too big", of impossible sizes,
                                          for the next segment of FROM's
       catalogue.py inject IF MAC CLIENT SERVER PORT SPORT
                                          what somebody on the uplink sends who
                                          guesses a connection (CVE-2019-14899)
       catalogue.py asks N SERVER         N questions at once; "refused", should one
                                          be, and how many were answered
       catalogue.py refused HOST          a connection to port 80: "refused"?
       catalogue.py echo                  listens on port 9040; "ready"
       catalogue.py naive                 the same, and connects to whomever a
                                          connection was for; at TERM, how many
                                          it made
"""
import errno
import ipaddress
import os
import re
import select
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "platform"))
from fwraw import (ACK, FIN, IP_TRANSPARENT, PSH, RST, SO_BINDTODEVICE, SYN,  # noqa: E402
                   Maker, checksum, flags, packet, protocols)

DEST4, DEST6 = "203.0.113.80", "2001:db8:80::80"
LAN4, LAN6 = "10.9.0.11", "fd09:9::11"
QUIET4, QUIET6 = "10.9.0.77", "fd09:9::77"   # lan1's, too: nothing else comes there
UP4, UP6 = "198.51.100.2", "2001:db8:100::2"
QUERY = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\3lab\7example\0\0\1\0\1"
MULTICAST = "multicast"


# ---- frames of a LAN's client ------------------------------------------------
# A row is a list of packets, of frames' payloads (an EtherType before them), or
# of (MAC, payload) where the MAC is not the gateway's.

def ether(p):
    return (b"\x86\xdd" if p[0] >> 4 == 6 else b"\x08\0") + p


def both(make):
    for src, dst in ((LAN4, DEST4), (LAN6, DEST6)):
        yield from make(Maker(src, dst))


KNOWN = (22, 53, 80, 5353, 9001, 9030, 9040, 9050, 9051, 9080)


def ports(m, step=1, data=b"x", protos=(17, 6), sport=40000):
    """One packet to each port, or to some; only the checksum is made anew."""
    ip = 40 if m.v6 else 20
    for proto in protos:
        head = bytearray(m.udp(1, data, sport=sport) if proto == 17 else
                         m.tcp(1, SYN, sport=sport))
        at = ip + (6 if proto == 17 else 16)
        total = (~struct.unpack_from("!H", head, at)[0] & 0xffff) - 1
        for port in (*KNOWN, *range(1, 65536, step)):
            check = total + port
            check = (check & 0xffff) + (check >> 16)
            struct.pack_into("!H", head, ip + 2, port)
            struct.pack_into("!H", head, at, ~check & 0xffff or 0xffff)
            yield bytes(head)


def a01(relays):
    yield from both(protocols)


def a02(relays):
    yield from ports(Maker(LAN4, DEST4))
    yield from ports(Maker(LAN6, DEST6), 16)


def a02_few(relays):
    """Where each SYN makes the program ask an exit."""
    for m in (Maker(LAN4, DEST4), Maker(LAN6, DEST6)):
        yield from ports(m, 16, protos=(17,))
        yield from ports(m, 331, protos=(6,))


def a03(relays):
    yield from both(flags)


def a04(relays):
    hello = b"\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x10" + bytes(16)
    for m in (Maker(LAN4, DEST4), Maker(LAN6, DEST6)):
        yield m.udp(443, b"\xc3\0\0\0\1" + os.urandom(1195))
        for port in (3478, 5349, 19302):
            yield m.udp(port, b"\0\1\0\0\x21\x12\xa4\x42" + os.urandom(12))
        yield m.udp(51820, b"\1\0\0\0" + os.urandom(144))
        for port in (500, 4500, 443, 5060, 6881, 3544, 3074, 27015, 1194, 8801,
                     9993, 41641, 5683, 123):
            yield m.udp(port, hello)


def a05(relays):
    for m in (Maker(LAN4, DEST4), Maker(LAN6, DEST6)):
        for kind in range(256):
            yield m.icmp(kind, data=m.udp(53)[:48])
        yield m.icmp(5, 1, socket.inet_aton(UP4), m.udp(53)[:28])


def a06(relays):
    servers = ["8.8.8.8", "192.0.2.53", DEST4, "198.51.100.1", relays[0],
               "2001:4860:4860::8888", "fd00:1::53", DEST6,
               "2001:db8:100::1", relays[1]]
    for server in servers:
        m = Maker(LAN6 if ":" in server else LAN4, server)
        for port in (53, 853, 443, 784, 8853, 5353, 5355, 137):
            yield m.udp(port, QUERY)
            yield m.tcp(port, PSH | ACK,
                        struct.pack("!H", len(QUERY)) + QUERY)


def a07(relays):
    for server in (DEST4, "192.0.2.53", relays[0], DEST6, relays[1]):
        m = Maker(LAN6 if ":" in server else LAN4, server)
        for kind in (2, 6, 12, 15, 16, 28, 33, 43, 48, 64, 65, 251, 252, 255,
                     257, 65535):
            ask = QUERY[:-4] + struct.pack("!HH", kind, 1)
            yield m.udp(53, ask)
            yield m.tcp(53, PSH | ACK, struct.pack("!H", len(ask)) + ask)


def a08(relays):
    for dst, number, ask in (("224.0.0.251", 5353, QUERY),
                             ("224.0.0.252", 5355, QUERY),
                             ("239.255.255.250", 1900, b"M-SEARCH * HTTP/1.1"),
                             ("239.255.255.250", 3702, b"<Probe/>"),
                             ("10.9.0.255", 137, QUERY),
                             ("10.9.0.255", 138, b"x"),
                             ("255.255.255.255", 67, bytes(240)),
                             ("255.255.255.255", 6771, b"x"),
                             ("ff02::fb", 5353, QUERY),
                             ("ff02::1:3", 5355, QUERY),
                             ("ff05::c", 1900, b"M-SEARCH"),
                             ("ff02::1:2", 547, b"\1\0\0\0"),
                             ("ff0e::101", 123, bytes(48))):
        m = Maker(LAN6 if ":" in dst else LAN4, dst)
        yield (MULTICAST, ether(m.udp(number, ask, hops=8)))
    for proto, dst in ((2, "224.0.0.22"), (103, "224.0.0.13"),
                       (112, "224.0.0.18"), (89, "224.0.0.5"),
                       (88, "224.0.0.10")):
        yield (MULTICAST, ether(Maker(LAN4, dst).ip(proto, bytes(24))))
    for kind in (130, 131, 132, 143, 133):
        yield (MULTICAST, ether(Maker("fe80::11", "ff02::16").icmp(
            kind, hops=1, data=bytes(16))))
    for number in (0x88cc, 0x2000, 0x888e, 0x88b5, 0x8137, 0x809b, 0x86dd,
                   0x8863, 0x88f7, 0x0806, 0x8035):
        yield (MULTICAST, struct.pack("!H", number) + bytes(46))
    yield (MULTICAST, b"\0\x26\x42\x42\3" + bytes(35))


def a11(relays):
    for m in (Maker(LAN4, DEST4), Maker(LAN6, DEST6)):
        for proto, whole in ((17, m.udp_datagram(53, QUERY * 60)),
                             (6, m.tcp_segment(80, SYN, data=bytes(1200))),
                             (1, b"\x08\0\0\0" + bytes(1196))):
            # in order; turned around; overlapping; tiny; the last alone
            for cuts in (((0, 800), (800, 2000)), ((800, 2000), (0, 800)),
                         ((0, 800), (720, 2000)), ((0, 8), (8, 2000)),
                         ((800, 2000),)):
                m.port += 1
                for first, last in cuts:
                    yield fragment(m, proto, whole, first, last)


def fragment(m, proto, whole, first, last):
    piece, more = whole[first:last], last < len(whole)
    if not m.v6:
        return m.ip(proto, piece, ident=m.port & 0xffff,
                    frag=first // 8 | (0x2000 if more else 0))
    return m.ip(44, struct.pack("!BBHI", proto, 0, first | more,
                                m.port) + piece)


def a12(relays):
    m = Maker(LAN4, DEST4)
    hop = socket.inet_aton(UP4)
    for opt in (b"\x83\7\4" + hop + b"\0", b"\x89\7\4" + hop + b"\0",
                b"\7\7\4\0\0\0\0\0", b"\x44\x0c\5\0" + bytes(8),
                b"\x94\4\0\0", b"\x88\4\0\1", b"\x86\6\0\0\0\1\0\0",
                b"\x82\x0b" + bytes(9) + b"\0"):
        yield m.tcp(80, SYN, options=opt)
        yield m.udp(443, options=opt)
        yield m.icmp(8, options=opt)
    m = Maker(LAN6, DEST6)
    seg, gram = m.tcp_segment(80, SYN), m.udp_datagram(443, b"x")
    for head in (0, 60, 43, 135, 139, 140, 51):
        yield m.ip(head, b"\6\0\1\4\0\0\0\0" + seg)
        yield m.ip(head, b"\x11\0\5\2\0\0\1\0" + gram)
    for kind in (0, 2, 3, 4):
        yield m.ip(43, bytes([6, 2, kind, 1]) + bytes(4) +
                   ipaddress.ip_address(UP6).packed + seg)
    yield m.ip(0, b"\x11\0\xc2\4\0\1\0\0" + gram)     # jumbo


def a13(relays):
    for src in ("127.0.0.1", "0.0.0.0", "169.254.1.1", "240.0.0.1",
                "224.0.0.1", "255.255.255.255", "10.9.0.1", "10.9.0.12", UP4,
                "198.51.100.1", relays[0], "192.168.3.3", "10.191.0.2",
                LAN4):
        for dst in (DEST4, "127.0.0.1", UP4, "198.51.100.1", "10.9.0.255",
                    "255.255.255.255", "0.0.0.0", relays[0], "10.191.0.2"):
            yield from few(Maker(src, dst))
    for src in ("::1", "::", "ff02::1", "fe80::99", "fd09:9::1", "fd09:9::12",
                UP6, relays[1], "2001:db8::5", "::ffff:10.9.0.11", LAN6):
        for dst in (DEST6, "::1", UP6, "2001:db8:100::1", "ff02::1", "ff0e::1",
                    "::", relays[1], "fe80::1", "::ffff:203.0.113.80"):
            yield from few(Maker(src, dst))


def few(m):
    yield m.udp(53, QUERY)
    yield m.udp(443)
    yield m.tcp(80, SYN)
    yield m.tcp(9001, ACK, sport=9001)
    yield m.icmp(128 if m.v6 else 8)


def a14(relays):
    m, m6 = Maker(LAN4, DEST4), Maker(LAN6, DEST6)
    inner, inner6 = m.udp(53, QUERY), m6.udp(53, QUERY)
    for one in (m, m6):
        yield one.ip(4, inner)
        yield one.ip(41, inner6)
        yield one.ip(47, struct.pack("!HH", 0, 0x800) + inner)
        yield one.ip(47, struct.pack("!HHHH", 0x3001, 0x880b, 40, 1) + inner)
        yield one.ip(50, os.urandom(64))
        yield one.ip(51, bytes([17, 4]) + bytes(22) + inner[20:])
        yield one.ip(115, bytes(16) + inner)
        yield one.ip(137, b"\0\0\1\x40" + inner)
        for port in (1701, 4789, 6081, 8472, 4754, 6635, 2152, 4500):
            yield one.udp(port, b"\x08\0\0\0\0\0\1\0" + bytes(14) + inner)
    for tag in (b"\x81\0\0\7", b"\x88\xa8\0\7\x81\0\0\7", b"\x91\0\0\7",
                b"\x88\x47\0\0\1\x40", b"\x88\x48\0\0\1\x40"):
        yield (None, tag + (ether(inner) if tag[0] != 0x88 or tag[1] == 0xa8
                            else inner))
    yield (None, b"\x88\x64\x11\0\0\1" + struct.pack("!H", len(inner) + 2) +
           b"\0\x21" + inner)
    yield (None, b"\0\x26\xaa\xaa\3\0\0\0\x08\0" + inner[:30])


def a15(relays):
    prefix = ipaddress.ip_address("2001:db8:bad::").packed
    ra = struct.pack("!BBHII", 64, 0, 1800, 0, 0) + \
        struct.pack("!BBBBIII", 3, 4, 64, 0xc0, 86400, 14400, 0) + prefix + \
        struct.pack("!BBHI", 25, 3, 0, 1800) + prefix[:15] + b"\x53"
    for dst in ("ff02::1", "fd09:9::1"):
        yield Maker("fe80::66", dst).icmp(134, 0, ra[:4], ra[4:], hops=255)
    yield Maker("fe80::66", "fe80::1").icmp(
        137, 0, bytes(4), prefix[:15] + b"\1" +
        ipaddress.ip_address(DEST6).packed, hops=255)
    for dst in ("64:ff9b::cb00:7150", "2002:cb00:7150::1",
                "2001:0:cb00:7150::1", "::ffff:203.0.113.80", "fe80::1",
                "fec0::1", "fd00:6f74::2", "2001:db8:bad::80", DEST6):
        for src in (LAN6, "fe80::11", "2001:db8:bad::11"):
            yield from few(Maker(src, dst))
    for port in (546, 547):
        yield Maker("fe80::11", "ff02::1:2").udp(port, b"\1\0\0\0")


def a18(relays):
    for relay in relays:
        m = Maker(LAN6 if ":" in relay else LAN4, relay)
        for flag in (SYN, ACK, PSH | ACK, FIN | ACK, RST):
            yield m.tcp(9001, flag, b"plain")
            yield m.tcp(9001, flag, b"plain", sport=9001)
        yield m.udp(9001, b"plain")
        m = Maker(relay, DEST6 if ":" in relay else DEST4)
        for flag in (SYN, ACK, SYN | ACK, FIN | ACK):
            yield m.tcp(80, flag, sport=9001)
            yield m.tcp(9040, flag, sport=9001)


def a24(relays):
    for m in (Maker(LAN4, DEST4), Maker(LAN6, DEST6)):
        for n in range(6):
            yield m.tcp(80, SYN, hops=n)
            yield m.tcp(80, ACK, hops=n)
            yield m.udp(33434 + n, hops=n)
            yield m.icmp(128 if m.v6 else 8, hops=n)


ROWS = {"A01": a01, "A02": a02, "A02-few": a02_few, "A03": a03, "A04": a04,
        "A05": a05, "A06": a06, "A07": a07, "A08": a08, "A11": a11, "A12": a12,
        "A13": a13, "A14": a14, "A15": a15, "A18": a18, "A24": a24}


class Wire:
    def __init__(self, link, mac="all"):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.sock.bind((link, 0))
        self.own = self.sock.getsockname()[4]
        self.to = b"\xff" * 6 if mac == "all" else \
            bytes.fromhex(mac.replace(":", ""))
        self.sent = 0

    def send(self, frame, mac=None):
        try:
            self.sock.send((mac or self.to) + self.own + frame)
            self.sent += 1
        except OSError as e:
            if e.errno not in (errno.ENOBUFS, errno.EPERM, errno.EMSGSIZE):
                raise


def group(frame):
    """The link-layer address of the packet's group."""
    if frame[:2] == b"\x08\0" and frame[18] & 0xf0 == 0xe0:
        return b"\1\0\x5e" + bytes([frame[19] & 0x7f]) + frame[20:22]
    if frame[:2] == b"\x86\xdd" and len(frame) > 42:
        return b"\x33\x33" + frame[38:42]
    return b"\xff" * 6


def throw(names, link, mac, *relays):
    for name in names:
        wire = Wire(link, mac)
        for p in ROWS[name](relays):
            if isinstance(p, bytes):
                wire.send(ether(p))
            elif p[0] == MULTICAST:
                wire.send(p[1], group(p[1]))
                wire.send(p[1])
            else:
                wire.send(p[1])
        print(name, wire.sent)


def frame(link, mac, src, dst):
    wire, m = Wire(link, mac), Maker(src, dst)
    for p in (m.udp(53, QUERY), m.udp(443), m.tcp(80, SYN),
              m.tcp(80, ACK, b"data"), m.icmp(128 if m.v6 else 8)):
        wire.send(ether(p))
    print(wire.sent)


# ---- the host's own programs ---------------------------------------------------

def attempt(family, kind, proto, do):
    try:
        with socket.socket(family, kind, proto) as s:
            s.setblocking(False)
            do(s)
    except OSError:
        pass


def own(who, *relays):
    for host, relay in zip((DEST4, DEST6), relays):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        for port, to in ((443, host), (53, host), (123, host), (5353, host),
                         (9001, relay)):
            for how in HOWS if who == 0 else HOWS[:3]:
                attempt(family, socket.SOCK_DGRAM, 0,
                        lambda s, t=to, p=port, h=how: (h(s, family),
                                                        s.sendto(b"x", (t, p))))
        for port in range(20600, 20606):    # the oracle knows these
            for how in HOWS if who == 0 else HOWS[:3]:
                attempt(family, socket.SOCK_STREAM, 0,
                        lambda s, r=relay, p=port, h=how: (
                            s.setsockopt(socket.SOL_SOCKET,
                                         socket.SO_REUSEADDR, 1),
                            s.bind(("", p)), h(s, family),
                            s.connect((r, 9001))))
        if who == 0:
            roots(family, host, relay)
    time.sleep(0.2)     # what is under way gets out


def roots(family, host, relay):
    m = Maker(UP6 if ":" in host else UP4, host)
    for proto in (1, 2, 4, 41, 47, 50, 58, 89, 132, 253):
        attempt(family, socket.SOCK_RAW, proto,
                lambda s, p=proto: s.sendto(b"\x08\0\0\0raw%d" % p, (host, 0)))
    if family == socket.AF_INET:
        attempt(family, socket.SOCK_RAW, socket.IPPROTO_RAW,
                lambda s: s.sendto(m.udp(53, QUERY), (host, 0)))
    wire = Wire("up0")
    for bypass in (0, 1):
        wire.sock.setsockopt(263, 20, bypass)   # PACKET_QDISC_BYPASS
        for p in packet(m):
            wire.send(ether(p))
    for port in range(20600, 20606):
        wire.send(ether(Maker(str(m.src), relay).tcp(9001, SYN, sport=port)))
    wire.send(b"\x81\0\0\7" + ether(m.udp(53)))
    wire.send(b"\x88\xcc" + bytes(46))


def plain(s, family):
    pass


def bound(s, family):
    s.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b"up0\0")


def unicast_if(s, family):
    n = struct.pack("!I", socket.if_nametoindex("up0"))
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, 76, n)
    else:
        s.setsockopt(socket.IPPROTO_IP, 50, n)


def marked(s, family):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 1)


def foreign(s, family):
    if family == socket.AF_INET:
        s.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)
        s.bind(("192.0.2.99", 0))


HOWS = [plain, bound, unicast_if, marked, foreign]


# ---- from outside ----------------------------------------------------------------

def uplink(link, mac, *addresses):
    wire = Wire(link, mac)
    for i, dst in enumerate(addresses):
        v6 = ":" in dst
        m = Maker("2001:db8:100::1" if v6 else "198.51.100.1", dst)
        for p in ports(m, 64 if i else 1):
            wire.send(ether(p))
        for make in (flags, protocols):
            for p in make(m):
                wire.send(ether(p))
        for kind in range(256):
            if not v6 or kind not in (135, 136):
                wire.send(ether(m.icmp(kind, data=m.udp(53)[:48])))
        for n in (0, 1):    # for the LAN, and at the end of its time
            inner = Maker(DEST6 if v6 else DEST4, LAN6 if v6 else LAN4)
            for p in (inner.udp(53, hops=n), inner.tcp(80, SYN, hops=n)):
                wire.send(ether(p))
    print(wire.sent)


def tcp_of(data):
    """(source, destination, segment) of an Ethernet frame, or None."""
    if data[12:14] == b"\x08\0" and data[23] == 6:
        at = 14 + (data[14] & 15) * 4
        return data[26:30], data[30:34], data[at:]
    if data[12:14] == b"\x86\xdd" and data[20] == 6:
        return data[22:38], data[38:54], data[54:]
    return None


def listener(link):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    s.bind((link, 3))
    s.setblocking(False)
    return s


def arrived(s):
    """Frames that came, not those that went."""
    while True:
        try:
            data, where = s.recvfrom(70000)
        except BlockingIOError:
            return
        if where[2] != socket.PACKET_OUTGOING:
            yield data


def scan(link, mac, src, dst, step):
    """Who says SYN|ACK, and who answers a question; when a question that is
    asked last is answered, all before it has been."""
    ears, wire = listener(link), Wire(link, mac)
    m, open_, answered, last = Maker(src, dst), set(), set(), []
    end = Maker(src, "2001:db8:9::53" if m.v6 else "192.0.2.53")

    def hear():
        for data in arrived(ears):
            who, port, is_open = reply(data)
            if who == end.dst.packed:
                last.append(port)
            elif who == m.dst.packed and is_open:
                (open_ if is_open == 6 else answered).add(port)

    for i, p in enumerate(ports(m, int(step), QUERY, sport=40077)):
        wire.send(ether(p))
        if i % 64 == 0:
            hear()
    until = time.monotonic() + 120
    while time.monotonic() < until and not last:
        wire.send(ether(end.udp(53, QUERY, sport=40077)))
        select.select([ears], [], [], 0.5)
        hear()
    print("tcp", *sorted(open_), "udp", *sorted(answered),
          *([] if last else ["and no end"]))


def reply(data):
    """(who, from which port, 6 or 17 or none) of a frame: SYN|ACK, a datagram;
    for the scan's own port only"""
    who, seg, kind = None, b"", None
    tcp = tcp_of(data)
    if tcp:
        who, seg = tcp[0], tcp[2]
        kind = 6 if seg[13] & 18 == 18 else None
    elif data[12:14] == b"\x08\0" and data[23] == 17:
        who, seg, kind = data[26:30], data[34:], 17
    elif data[12:14] == b"\x86\xdd" and data[20] == 17:
        who, seg, kind = data[22:38], data[54:], 17
    if who is None or seg[2:4] != struct.pack("!H", 40077):
        return None, None, None
    return who, struct.unpack_from("!H", seg, 0)[0], kind


def loopback(link, mac):
    wire = Wire(link, mac)
    for src, dst in ((QUIET4, "127.0.0.1"), (QUIET6, "::1"),
                     (QUIET4, "127.0.0.53")):
        m = Maker(src, dst)
        for port in KNOWN:
            wire.send(ether(m.tcp(port, SYN)))
            wire.send(ether(m.udp(port, QUERY)))
        wire.send(ether(m.icmp(128 if m.v6 else 8)))
    print(wire.sent)


PORTS = (53, 80, 5353, 9040, 40000)


def answers(link, mac, src, dst):
    """To whoever has such ports now."""
    wire, m = Wire(link, mac), Maker(src, dst)
    for sport in PORTS:
        for to in PORTS:
            wire.send(ether(m.udp(to, b"stolen", sport=sport)))
            wire.send(ether(m.tcp(to, SYN, b"stolen", sport=sport)))
    print(wire.sent)


def shadow(link, mac, src, dst, port):
    """CVE-2021-3773: from a port that is somebody else's."""
    wire, m = Wire(link, mac), Maker(src, dst)
    for to in PORTS:
        wire.send(ether(m.udp(to, QUERY, sport=int(port))))
        for some in (SYN, ACK, SYN | ACK):
            wire.send(ether(m.tcp(to, some, sport=int(port))))
    print(wire.sent)


def fill(link, mac, count):
    """Flows of very many hosts, each with its entry in conntrack."""
    wire, sent = Wire(link, mac), 0
    for host in range(20, 250):
        m = Maker("10.9.0.%d" % host, "192.0.2.53")
        head = bytearray(ether(m.udp(53, b"x", sport=1)))
        head[28:30] = b"\0\0"     # no checksum
        for port in range(1024, 65536, 16):
            for i in range(16):
                struct.pack_into("!H", head, 22, port + i)
                wire.send(bytes(head))
            sent += 16
            if sent >= int(count):
                print(sent)
                return


def fills(count):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    first = int(ipaddress.ip_address("192.0.4.0"))
    for i in range(int(count)):
        try:
            s.sendto(b"x", (socket.inet_ntoa(struct.pack("!I", first + i)),
                            53))
        except OSError:     # no room for it
            pass
    print(count)


def synack(link, mac, src, dst, port):
    """What a server of the gateway's looks like: TTL, whether it may be cut,
    window, options."""
    ears, wire, m = listener(link), Wire(link, mac), Maker(src, dst)
    syn = m.tcp_segment(int(port), SYN, 7, sport=41000)
    opts = b"\2\4\5\xb4\4\2\x08\x0a\0\0\0\1\0\0\0\0\1\3\3\7"
    syn = syn[:12] + bytes([10 << 4]) + syn[13:16] + b"\0\0" + syn[18:] + opts
    syn = syn[:16] + struct.pack("!H", checksum(
        m.pseudo(6, len(syn)) + syn)) + syn[18:]
    wire.send(ether(m.ip(6, syn)))
    until = time.monotonic() + 120
    while time.monotonic() < until:
        select.select([ears], [], [], 0.5)
        for data in arrived(ears):
            seg = tcp_of(data)
            if seg and seg[0] == m.dst.packed and seg[2][13] & 18 == 18:
                ttl = data[21] if m.v6 else data[22]
                print("ttl", ttl, "frag", "-" if m.v6 else data[20] >> 5,
                      "window", struct.unpack_from("!H", seg[2], 14)[0],
                      "options", *kinds(seg[2][20:(seg[2][12] >> 4) * 4]))
                return


def inject(link, mac, client, server, port, sport):
    """The three phases: is there such an address, such a connection, and what
    is its sequence; and then data, resets and errors with every guess."""
    wire = Wire(link, mac)
    v6 = ":" in client
    m = Maker(server, client)
    for guess in (("fd00:6f74::1", "fd00:6f74::2", "fd09:9::1", client) if v6
                  else ("10.191.0.1", "10.191.0.2", "10.9.0.1", client)):
        one = Maker(server, guess)
        for some in (SYN, SYN | ACK, ACK, RST, PSH | ACK):
            wire.send(ether(one.tcp(int(sport), some, sport=int(port))))
    for some in (SYN, SYN | ACK, ACK, PSH | ACK, FIN | ACK, RST, RST | ACK):
        for guess in range(0, 1 << 32, 1 << 24):
            seg = m.tcp_segment(int(sport), some, guess, guess ^ 0x5a5a5a5a,
                                b"injected" if some & PSH else b"", int(port))
            wire.send(ether(m.ip(6, seg)))
    back = Maker(client, server)
    quoted = back.ip(6, back.tcp_segment(int(port), ACK, 1, 1, b"", int(sport)))
    for kind, code in (((1, 0), (1, 4), (2, 0), (3, 0)) if v6 else
                       ((3, 0), (3, 1), (3, 2), (3, 3), (3, 4), (4, 0), (5, 1),
                        (11, 0), (12, 0))):
        wire.send(ether(m.icmp(kind, code, data=quoted)))
    print(wire.sent)


# ---- who sees ----------------------------------------------------------------------

def until_term(s, each):
    over = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(1))
    print("ready", flush=True)
    while not over:
        select.select([s], [], [], 0.1)
        for data in arrived(s):
            each(data)
    for data in arrived(s):
        each(data)


def watch(link, mac, *addresses):
    seen = []
    who = bytes.fromhex(mac.replace(":", ""))
    of = [ipaddress.ip_address(a).packed for a in addresses]

    def each(data):
        dst = data[30:34] if data[12:14] == b"\x08\0" else \
            data[38:54] if data[12:14] == b"\x86\xdd" else b""
        if dst in of and data[6:12] == who and not (
                data[12:14] == b"\x86\xdd" and data[20] == 58 and
                data[54] in (135, 136)):
            seen.append(data)

    until_term(listener(link), each)
    print(len(seen))
    for data in seen[:5]:
        print(data[:80].hex())


class Told:
    """What frames tell of who sent them."""

    def __init__(self, tokens):
        self.tokens = [t.encode().lower() for t in tokens]
        self.found, self.sni = set(), set()
        self.syns = self.stamped = self.hellos = 0
        self.ttls = set()

    def each(self, data):
        low = data[14:].lower()
        self.found.update(t.decode() for t in self.tokens if t in low)
        seg = tcp_of(data)
        if seg is None:
            return
        head = (seg[2][12] >> 4) * 4
        if seg[2][13] & 18 == SYN:
            self.syns += 1
            self.ttls.add(data[21] if len(seg[0]) == 16 else data[22])
            self.stamped += 8 in kinds(seg[2][20:head])
        self.hello(seg[2][head:])

    def hello(self, data):
        if data[:1] != b"\x16" or data[5:6] != b"\1":
            return
        self.hellos += 1
        name = re.search(rb"\0\0..\0.\0..([a-z0-9.-]{4,})", data, re.S)
        self.sni.add(name.group(1).decode() if name else "none")


def kinds(options):
    at = 0
    while at < len(options) and options[at]:
        yield options[at]
        if options[at] != 1 and (at + 1 == len(options) or
                                 options[at + 1] < 2):
            return
        at += 1 if options[at] == 1 else options[at + 1]


def names(link, *tokens):
    told = Told(tokens)
    until_term(listener(link), told.each)
    print("syns", told.syns, "stamped", told.stamped, "hellos", told.hellos,
          "ttl", *sorted(told.ttls))
    print("found", *sorted(told.found))
    print("sni", *sorted(told.sni))


def small(link, who):
    """A segment of data that comes, while nobody answers it, is said to be too
    big; the sizes are those of old attacks."""
    s, wire = listener(link), Wire(link)
    sport = None
    print("ready", flush=True)
    end = time.monotonic() + 120
    while sport is None and time.monotonic() < end:
        select.select([s], [], [], 0.5)
        for data in arrived(s):
            seg = tcp_of(data)
            if seg and seg[0] == ipaddress.ip_address(who).packed and \
                    len(seg[2]) > (seg[2][12] >> 4) * 4:
                sport = seg[2][:2]
                quote_small(wire, data)
    print("said", sport is not None, flush=True)


def quote_small(wire, data):
    v6 = data[12:14] == b"\x86\xdd"
    src = ipaddress.ip_address(data[38:54] if v6 else data[30:34])
    m = Maker(str(src), str(ipaddress.ip_address(data[22:38] if v6 else
                                                 data[26:30])))
    for size in (0, 68, 576, 1, 65535, 552):
        rest = struct.pack("!I", size) if v6 else struct.pack("!HH", 0, size)
        p = m.icmp(2 if v6 else 3, 0 if v6 else 4, rest, data[14:14 + 548])
        wire.send(ether(p), data[6:12])


# ---- connections -------------------------------------------------------------------

def hold(*hosts):
    held = []
    for host in hosts:
        host, _, src = host.partition("@")
        for _ in "ab":
            held.append(socket.create_connection(
                (host, 7), 120, (src, 0) if src else None))
    for s in held:
        s.sendall(b"x")
        s.recv(1)

    def send(*_):
        for s in held:
            try:
                s.send(b"more")
            except OSError:
                pass
        print("sent", flush=True)

    def close(*_):
        for i, s in enumerate(held):
            if i % 2:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
            s.close()
        print("closed", flush=True)

    signal.signal(signal.SIGUSR1, send)
    signal.signal(signal.SIGUSR2, close)
    print("ready", flush=True)
    while True:
        signal.pause()


def refused(host):
    """By whatever sort of refusal; a TransPort accepts first."""
    try:
        with socket.create_connection((host, 80), 120) as s:
            s.settimeout(120)
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            print("open" if s.recv(1) else "refused")
    except TimeoutError:
        print("silent")
    except OSError:
        print("refused")


def asks(count, server):
    """@count questions that are all under way together; asked again, as clients
    do, what was not answered."""
    s = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET,
                      socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.connect((server, 53))
    left, over = set(range(count)), False
    until = time.monotonic() + 120
    while left and time.monotonic() < until:
        for i in sorted(left):
            name = b"n%d" % i
            try:
                s.send(struct.pack("!H", i) + QUERY[2:12] +
                       bytes([len(name)]) + name + b"\4many" + QUERY[16:])
            except OSError:
                pass
        while left and select.select([s], [], [], 5)[0]:
            try:
                data = s.recv(2000)
            except OSError:
                continue
            if data[3] & 15 == 5 and not over:
                over = True
                print("refused", flush=True)
            if data[3] & 15 == 0:
                left.discard(struct.unpack_from("!H", data)[0])
    print(count - len(left))


def echo():
    s = socket.create_server(("::", 9040), family=socket.AF_INET6,
                             dualstack_ipv6=True)
    print("ready", flush=True)
    held = []
    while True:
        c = s.accept()[0]
        held.append(c)
        c.settimeout(5)
        c.sendall(c.recv(1))


def naive():
    s = socket.create_server(("::", 9040), family=socket.AF_INET6,
                             dualstack_ipv6=True, backlog=200)
    s.settimeout(0.1)
    over, made = [], []
    signal.signal(signal.SIGTERM, lambda *_: over.append(1))
    print("ready", flush=True)
    while not over:
        try:
            c = s.accept()[0]
        except OSError:
            continue
        made.append(c)
        if len(made) < 200:     # not turned around: it was for us
            made.append(socket.create_connection(c.getsockname()[:2], 5))
    print(sum(c.getsockname()[1] != 9040 for c in made))


def main():
    what, args = sys.argv[1], sys.argv[2:]
    if what == "rows":
        print(*(r for r in ROWS if r != "A02-few"))
    elif what == "throw":
        throw(args[:-4], *args[-4:])
    elif what == "own":
        own(int(args[0]), *args[1:])
    elif what == "asks":
        asks(int(args[0]), args[1])
    else:
        {"frame": frame, "uplink": uplink, "scan": scan, "hold": hold,
         "watch": watch, "names": names, "small": small, "inject": inject,
         "loopback": loopback, "shadow": shadow, "fill": fill,
         "fills": fills,
         "synack": synack, "refused": refused, "echo": echo, "naive": naive,
         "answers": answers}[what](*args)


main()
