#!/usr/bin/env python3
"""tests/platform/fwraw.py - what tests/platform/firewall throws at a gateway

usage: fwraw.py frames IF MAC KIND SRC DST   frames by a packet socket; how many it tried
       fwraw.py kinds                        the kinds of frames there are
       fwraw.py listen [tproxy|loopback]     TransPort 9040, DNSPort 5300; "ready"
       fwraw.py connect HOST PORT [SECONDS [IF]]  "connected", or why not
       fwraw.py udp HOST PORT [IF]           one datagram: what came of it
       fwraw.py ask HOST                     a datagram to port 53, and its answer
       fwraw.py hold HOST PORT               connects, "ready"; at each line on
                                             stdin writes a byte; at the end closes
       fwraw.py flood HOST                   datagrams until stdin ends; their number
       fwraw.py raw HOST [IF]                a raw socket's packet of protocol 253
       fwraw.py forget                       flushes conntrack
       fwraw.py serve PORT                   accepts, of both families; "ready"
       fwraw.py tun NAME                     reads a TUN; says so at each packet
       fwraw.py join IF                      groups, until stdin ends; "ready"
       fwraw.py lease HOST                   a socket's datagram from 68 to 67
"""
import errno
import ipaddress
import os
import random
import socket
import struct
import sys

SO_BINDTODEVICE, IP_TRANSPARENT, IPV6_TRANSPARENT = 25, 19, 75
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


# ---- packets ----------------------------------------------------------------

def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Maker:
    """Packets from @src to @dst, of either family."""

    def __init__(self, src, dst):
        self.src = ipaddress.ip_address(src)
        self.dst = ipaddress.ip_address(dst)
        self.v6 = self.dst.version == 6
        self.port = 40000

    def pseudo(self, proto, length):
        if self.v6:
            tail = struct.pack("!IxxxB", length, proto)
        else:
            tail = struct.pack("!xBH", proto, length)
        return self.src.packed + self.dst.packed + tail

    def ip(self, proto, payload, hops=64, options=b"", frag=0, ident=7):
        if self.v6:
            return struct.pack("!IHBB", 6 << 28, len(payload), proto,
                               hops) + self.src.packed + self.dst.packed + \
                               payload
        words = 5 + len(options) // 4
        head = struct.pack("!BBHHHBBH", 0x40 | words, 0,
                           4 * words + len(payload), ident, frag, hops, proto,
                           0) + self.src.packed + self.dst.packed + options
        return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + \
            payload

    def tcp_segment(self, dport, flags, seq=1, ack=0, data=b"", sport=None):
        if sport is None:
            self.port += 1
            sport = self.port
        seg = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags,
                          65535, 0, 1 if flags & URG else 0) + data
        check = checksum(self.pseudo(6, len(seg)) + seg)
        return seg[:16] + struct.pack("!H", check) + seg[18:]

    def tcp(self, dport, flags, data=b"", sport=None, **of_ip):
        return self.ip(6, self.tcp_segment(dport, flags, 1000,
                       1000 if flags & ACK else 0, data, sport), **of_ip)

    def udp_datagram(self, dport, data, sport=None):
        if sport is None:
            self.port += 1
            sport = self.port
        gram = struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
        check = checksum(self.pseudo(17, len(gram)) + gram) or 0xffff
        return gram[:6] + struct.pack("!H", check) + gram[8:]

    def udp(self, dport, data=b"x", sport=None, **of_ip):
        return self.ip(17, self.udp_datagram(dport, data, sport), **of_ip)

    def icmp(self, kind, code=0, rest=b"\0" * 4, data=b"", **of_ip):
        proto = 58 if self.v6 else 1
        body = struct.pack("!BBH", kind, code, 0) + rest + data
        pseudo = self.pseudo(58, len(body)) if self.v6 else b""
        body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
        return self.ip(proto, body, **of_ip)


def everyday(m):
    """What programs send, and nobody may see."""
    query = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1"
    yield m.tcp(80, SYN)
    yield m.tcp(53, SYN)
    yield m.tcp(853, SYN)
    yield m.udp(53, query)
    yield m.udp(443, b"\xc3\0\0\0\1" + os.urandom(1195))
    yield m.udp(3478, b"\0\1\0\0\x21\x12\xa4\x42" + os.urandom(12))
    for port in (123, 137, 161, 500, 1900, 3544, 4500, 4789, 5353, 5355, 6881,
                 19302, 51820):
        yield m.udp(port, b"\x23" + bytes(47))
    yield m.icmp(128 if m.v6 else 8, data=b"x" * 32)


def flags(m):
    """Every combination of TCP's flags, of connections that nobody knows."""
    for some in range(64):
        yield m.tcp(80, some, b"data")


def odd4(m):
    big = m.udp_datagram(53, b"A" * 2000)
    syn = m.tcp_segment(80, SYN)
    for kind in (0, 3, 4, 5, 10, 11, 12, 13, 15, 17):
        yield m.icmp(kind, data=m.udp(53)[:28])
    yield m.ip(17, big[:1000], frag=0x2000)
    yield m.ip(17, big[1000:], frag=1000 // 8)
    yield m.ip(6, syn[:8], frag=0x2000, ident=8)
    yield m.ip(6, syn[8:], frag=1, ident=8)
    yield m.ip(6, syn[:16], frag=0x2000, ident=9)
    yield m.ip(6, syn[8:], frag=1, ident=9)
    for number in (131, 137, 7, 68):
        yield m.tcp(80, SYN, options=bytes([number, 7, 4]) + m.dst.packed +
                    b"\0")
    yield m.tcp(80, SYN, options=b"\x94\4\0\0")
    inner = m.udp(53)
    yield m.ip(4, inner)
    yield m.ip(41, bytes([0x60]) + bytes(39))
    yield m.ip(47, struct.pack("!HH", 0, 0x800) + inner)
    yield m.ip(50, os.urandom(64))
    yield m.ip(51, bytes([17, 4]) + bytes(22) + inner)
    yield m.ip(2, b"\x16\0\xe9\xff\xe0\0\0\1")
    yield m.ip(132, struct.pack("!HHII", 1, 2, 0, 0) + bytes(20))


def odd6(m):
    big = m.udp_datagram(53, b"A" * 2000)
    syn = m.tcp_segment(80, SYN)
    for kind in (1, 2, 3, 4, 129, 130, 131, 132, 133, 134, 135, 136, 137, 143):
        yield m.icmp(kind, data=m.udp(53)[:48])
        yield m.icmp(kind, data=m.dst.packed, hops=255)
    for head in (0, 43, 60, 135, 139, 140):
        rest = bytes([6, 0]) + b"\1\4\0\0\0\0" + syn
        yield m.ip(head, rest)
    for kind in (0, 2, 4):
        yield m.ip(43, bytes([6, 2, kind, 1]) + bytes(4) + m.dst.packed + syn)
    yield m.ip(44, bytes([17, 0, 0, 1]) + bytes(4) + big[:1000])
    yield m.ip(44, bytes([17, 0]) + struct.pack("!HI", 1000 & ~7, 0) +
               big[1000:])
    yield m.ip(44, bytes([6, 0, 0, 0]) + bytes(4) + syn)
    yield m.ip(44, bytes([6, 0, 0, 1]) + bytes(4) + syn[:8])
    yield m.ip(59, b"nothing")
    yield m.ip(41, m.udp(53))
    yield m.ip(4, b"\x45" + bytes(19))
    yield m.ip(47, bytes(40))
    yield m.ip(50, os.urandom(64))
    yield m.ip(51, bytes([17, 4]) + bytes(22) + m.udp_datagram(53, b"x"))


def odd(m):
    yield from everyday(m)
    yield from flags(m)
    yield from (odd6(m) if m.v6 else odd4(m))


def protocols(m):
    for proto in range(256):
        yield m.ip(proto, bytes(40))
        yield m.ip(proto, os.urandom(40))


def hops(m):
    """traceroute: who answers?"""
    for n in (0, 1, 2, 3):
        yield m.tcp(80, SYN, hops=n)
        yield m.udp(33434 + n, hops=n)
        yield m.icmp(128 if m.v6 else 8, hops=n)


def pretend(m):
    """A relay that begins: its address and port are let out to, aren't they?"""
    for flag in (SYN, ACK, SYN | ACK, FIN | ACK):
        yield m.tcp(80, flag, sport=9001)
        yield m.tcp(9040, flag, sport=9001)


def probes(m):
    """From outside: is anybody there?"""
    for port in (22, 53, 67, 80, 5300, 9040, 9050, 9051):
        for some in (SYN, ACK, FIN, SYN | ACK, RST, 0, FIN | PSH | URG):
            yield m.tcp(port, some)
        yield m.udp(port)
    for kind in ((128, 135, 137, 1, 3) if m.v6 else (8, 13, 15, 17, 5, 3)):
        yield m.icmp(kind, data=m.udp(53)[:28])
    for proto in (0, 2, 4, 41, 47, 50, 51, 89, 132, 253):
        yield m.ip(proto, bytes(40))


def synack(m):
    for port in (80, 443, 33000, 9040):
        yield m.tcp(port, SYN | ACK, sport=443)
        yield m.tcp(port, ACK, sport=443)


def packet(m):
    """From the gateway's own packet socket, past all inet hooks."""
    yield m.tcp(80, SYN)
    yield m.udp(53)
    yield m.icmp(128 if m.v6 else 8)
    yield m.tcp(9001, SYN)
    yield m.ip(253, b"x")
    if m.v6:
        yield m.icmp(143)
        yield m.icmp(135, hops=64, data=m.dst.packed)
        yield m.icmp(133, hops=255)
    else:
        yield m.udp(68, sport=68)
        yield m.udp(67, sport=69)
        yield m.udp(67, sport=68)[:20] + bytes(8)


def dhcp(m):
    """As it has to be."""
    yield m.udp(67, sport=68)


KINDS = {f.__name__: f for f in (everyday, flags, odd, protocols, hops,
                                 pretend, probes, synack, packet, dhcp)}


def frames(link, mac, kind, src, dst):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((link, 0))
    to = bytes.fromhex(mac.replace(":", ""))
    own = s.getsockname()[4]
    m = Maker(src, dst)
    ether = b"\x86\xdd" if m.v6 else b"\x08\0"
    sent = 0
    if kind == "tagged":
        inner = ether + m.udp(53)
        many = [b"\x81\0\0\7" + inner, b"\x88\xa8\0\7\x81\0\0\7" + inner,
                b"\x88\x64\x11\0\0\1" + struct.pack("!H", len(inner)) +
                b"\0\x21" + m.udp(53), b"\x88\x47\0\0\1\x40" + m.udp(53),
                b"\0\x26\x42\x42\3" + bytes(35), b"\x88\xcc" + bytes(40),
                b"\x88\x8e\1\1\0\0" + bytes(40), b"\x88\xb5" + bytes(40)]
    elif kind == "arp":     # who has @dst? tell @src
        many = [b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + own +
                m.src.packed + bytes(6) + m.dst.packed]
    else:
        many = [ether + p for p in KINDS[kind](m)]
    for frame in many:
        sent += 1
        try:
            s.send(to + own + frame)
        except OSError as e:    # refused on its way out: as good
            if e.errno not in (errno.ENOBUFS, errno.EPERM):
                raise
    print(sent)


# ---- sockets ----------------------------------------------------------------

def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def listen(how=None):
    import selectors
    sel, held = selectors.DefaultSelector(), []
    transparent, home = how == "tproxy", how == "loopback"
    for family, at in ((socket.AF_INET, "127.0.0.1" if home else "0.0.0.0"),
                       (socket.AF_INET6, "::1" if home else "::")):
        for kind, port in ((socket.SOCK_STREAM, 9040),
                           (socket.SOCK_DGRAM, 5300)):
            s = socket.socket(family, kind)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if transparent and kind == socket.SOCK_STREAM:
                if family == socket.AF_INET6:
                    s.setsockopt(socket.IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
                else:
                    s.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)
            s.bind((at, port))
            if kind == socket.SOCK_STREAM:
                s.listen(200)
            sel.register(s, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in sel.select():
            if key.fileobj.type == socket.SOCK_DGRAM:
                data, who = key.fileobj.recvfrom(2000)
                try:
                    key.fileobj.sendto(data, who)
                except OSError:     # to whom nothing may be said
                    pass
            else:
                try:
                    held.append(key.fileobj.accept()[0])
                except OSError:     # it went away again
                    pass
                del held[:-200]


def bind_to(s, link):
    if link:
        s.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, link.encode())


def connect(host, port, seconds=5, link=None):
    s = socket.socket(family_of(host))
    s.settimeout(float(seconds))
    try:
        bind_to(s, link)
        s.connect((host, port))
        print("connected")
    except OSError as e:
        print(errno.errorcode.get(e.errno, str(e)))


def udp(host, port, link=None):
    s = socket.socket(family_of(host), socket.SOCK_DGRAM)
    s.settimeout(2)
    try:
        bind_to(s, link)
        s.connect((host, port))
        s.send(b"x")
        s.recv(100)
        print("answered")
    except OSError as e:
        print(errno.errorcode.get(e.errno, str(e)))


def ask(host):
    s = socket.socket(family_of(host), socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect((host, 53))
    s.send(b"question")
    print(s.recv(100).decode())


def hold(host, port):
    s = socket.create_connection((host, port), 5)
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            s.send(b"x")
            print("sent", flush=True)
        except OSError as e:
            print(errno.errorcode.get(e.errno, str(e)), flush=True)
    s.close()


def flood(host):
    import select
    s = socket.socket(family_of(host), socket.SOCK_DGRAM)
    sent, refused = 0, 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        for _ in range(50):
            try:
                s.sendto(b"x", (host, 4433))
                sent += 1
            except OSError:
                refused += 1
    print(sent)


def raw(host, link=None):
    s = socket.socket(family_of(host), socket.SOCK_RAW, 253)
    try:
        bind_to(s, link)
        s.sendto(b"x", (host, 0))
        print("sent")
    except OSError as e:
        print(errno.errorcode.get(e.errno, str(e)))


def forget():
    """ctnetlink's DELETE without a tuple: all of them."""
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    s.send(struct.pack("=IHHII", 20, 1 << 8 | 2, 1 | 4, 1, 0) +
           struct.pack("=BBH", 0, 0, 0))
    err = struct.unpack_from("=i", s.recv(100), 16)[0]
    print(errno.errorcode[-err] if err else "forgotten")


def serve(port):
    s = socket.create_server(("::", int(port)), family=socket.AF_INET6,
                             dualstack_ipv6=True, backlog=200)
    print("ready", flush=True)
    held = []
    while True:
        held.append(s.accept()[0])


def tun(name):
    import fcntl
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", name.encode(), 0x1001))
    print("ready", flush=True)
    while True:
        os.read(fd, 70000)
        print("packet", flush=True)


def lease(host):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", 68))
    s.sendto(b"x" * 300, (host, 67))
    print("sent")


def join(link):
    n = socket.if_nametoindex(link)
    four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    four.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack(
        "4s4si", socket.inet_aton("239.1.2.3"), bytes(4), n))
    six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, struct.pack(
        "16si", socket.inet_pton(socket.AF_INET6, "ff05::1:2:3"), n))
    print("ready", flush=True)
    sys.stdin.read()


def main():
    what, args = sys.argv[1], sys.argv[2:]
    random.seed(1)
    if what == "frames":
        frames(*args)
    elif what == "kinds":
        print(*KINDS)
    elif what == "listen":
        listen(*args)
    elif what == "connect":
        connect(args[0], int(args[1]), *args[2:])
    elif what == "udp":
        udp(args[0], int(args[1]), *args[2:])
    elif what == "hold":
        hold(args[0], int(args[1]))
    else:
        {"ask": ask, "flood": flood, "raw": raw, "forget": forget, "serve": serve,
         "tun": tun, "lease": lease, "join": join}[what](*args)


if __name__ == "__main__":
    main()
