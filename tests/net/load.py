#!/usr/bin/env python3
"""The LAN client, where curl and dig are not enough.

usage: load.py many N HOST      open N connections; when all are open, send
                                a word of its own on each and have it echoed;
                                none is closed before all have theirs back
       load.py idle N HOST      open N, print "ready", hold until killed
       load.py ttfb N HOST      N fresh connections, one after the other:
                                seconds to the first byte, a line each
       load.py rate SECONDS WIDTH HOST
                                fresh connections as fast as WIDTH at a time
                                go, each carrying one line: connections/s
       load.py churn SECONDS WIDTH HOST
                                the same with a byte each way on each
       load.py first SINCE HOST try until a first byte comes: seconds since
                                SINCE (as date +%s.%N)
       load.py dns SECONDS WIDTH SERVER NAME
                                questions as fast as WIDTH at a time go:
                                answers/s.  "*" in NAME becomes a number
       load.py half BYTES HOST  ask for so many, send no more, wait, and only
                                then read: the hash of what comes
       load.py leave HOST       have a word echoed, and close
       load.py chat HOST        have a word echoed each second, and say so, until
                                that fails
       load.py starve N HOST    N connections that each ask for 50 MB and read
                                none of it, until killed; whoever is cut off
                                comes again
       load.py upload BYTES HOST
                                send so many, send no more, wait for the end:
                                their number and hash; fails if it is no end
       load.py odd HOST...      as root: segments with flags that open no
                                connection, UDP, and protocols nobody speaks
       load.py sent DEVICE HOST UDP to some ports, as anybody may; the same and
                                TCP from sockets bound to the device
       load.py stall BYTES SECONDS HOST
                                read a little of so many, nothing for a while,
                                then the rest: the hash of all of it
       load.py ports FIRST LAST HOST
                                try to connect to each: "PORT open", or what
                                the kernel says
       load.py told PORT HOST   one datagram: which error comes back for it,
                                or "silence"
       load.py syns DEVICE PORT as root: what the first segment of each connection
                                to the port looks like: TTL, window, options
       load.py asks N SERVER NAME
                                N questions, one after the other: seconds to
                                the answer, a line each
       load.py byname N SERVER NAME
                                the same to the first byte of a page, the name
                                of which is asked for each time.  In both, "*"
                                in NAME becomes a number
       load.py socks SERVER PORT USER HOST PORT
                                what a SOCKS 5 proxy says to a connection: the
                                reply in hex, or "nothing"; with a USER of "-",
                                no name is given to it
       load.py raw SERVER HEX   one datagram to port 53; prints the answer's
                                rcode, or "silence"

Ports are web.py's: 7 and 77 echo, 9 silence, 17 one line, 80 HTTP.
"""
import asyncio
import errno
import hashlib
import os
import random
import socket
import struct
import sys
import time

PATIENCE = 600  # seconds: a bound against hanging, never a criterion


async def many(count, host):
    everyone_is_here = asyncio.Event()
    everyone_has_it = asyncio.Event()
    arrived = served = 0

    async def one(i):
        nonlocal arrived, served
        reader, writer = await asyncio.open_connection(host, 7)
        arrived += 1
        if arrived == count:
            everyone_is_here.set()
        await everyone_is_here.wait()
        word = b"%06d %s\n" % (i, os.urandom(400).hex().encode())
        writer.write(word)
        back = await reader.readexactly(len(word))
        if back != word:
            raise ValueError("%d got another's bytes" % i)
        # The far end is open, too; and stays so until all others are.
        served += 1
        if served == count:
            everyone_has_it.set()
        await everyone_has_it.wait()
        writer.close()

    jobs = [asyncio.create_task(one(i)) for i in range(count)]
    _, late = await asyncio.wait(jobs, timeout=PATIENCE,
                                 return_when=asyncio.FIRST_EXCEPTION)
    for job in late:
        job.cancel()
    good = sum(job.done() and not job.cancelled() and not job.exception()
               for job in jobs)
    bad = {repr(job.exception()) for job in jobs
           if job.done() and not job.cancelled() and job.exception()}
    print("%d of %d at once, %d open together" % (good, count, arrived),
          *sorted(bad)[:5])
    return good == count


async def idle(count, host):
    held = []
    for start in range(0, count, 50):
        held += await asyncio.gather(*(
            asyncio.open_connection(host, 7)
            for _ in range(start, min(start + 50, count))))
    # a word on each: idle, but known to be open to the far end
    for _, writer in held:
        writer.write(b"x")
    await asyncio.gather(*(reader.readexactly(1) for reader, _ in held))
    print("ready", flush=True)
    await asyncio.Event().wait()


def first_byte(host, timeout=PATIENCE):
    begin = time.monotonic()
    with socket.create_connection((host, 80), timeout) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n"
                     b"Connection: close\r\n\r\n")
        if not sock.recv(1):
            raise ConnectionError("no byte")
        return time.monotonic() - begin


def ttfb(count, host):
    for _ in range(count):
        print("%.4f" % first_byte(host))


def first(since, host):
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        try:
            first_byte(host)
            print("%.3f" % (time.time() - since))
            return True
        except OSError:
            time.sleep(0.02)
    return False


async def a_line(reader, _):
    return await reader.readline()


async def a_byte(reader, writer):
    writer.write(b"x")
    return await reader.read(1)


async def rate(seconds, width, host, port, use):
    done = failed = 0
    end = time.monotonic() + seconds

    async def worker():
        nonlocal done, failed
        while time.monotonic() < end:
            try:
                reader, writer = await asyncio.open_connection(host, port)
                got = await use(reader, writer)
                writer.close()
                done += bool(got)
                failed += not got
            except OSError:
                failed += 1

    begin = time.monotonic()
    await asyncio.wait_for(asyncio.gather(*(worker() for _ in range(width))),
                           seconds + PATIENCE)
    print("%.1f" % (done / (time.monotonic() - begin)))
    if failed:
        print("%d failed" % failed, file=sys.stderr)


def half(count, host):
    with socket.create_connection((host, 80), PATIENCE) as sock:
        sock.sendall(b"GET /bytes/%d HTTP/1.0\r\n\r\n" % count)
        sock.shutdown(socket.SHUT_WR)
        time.sleep(3)
        with sock.makefile("rb") as answer:
            while answer.readline().strip():
                pass
            print(hashlib.sha256(answer.read()).hexdigest())


def stall(count, seconds, host):
    with socket.socket(family_of(host)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        sock.settimeout(PATIENCE)
        sock.connect((host, 80))
        sock.sendall(b"GET /bytes/%d HTTP/1.0\r\n\r\n" % count)
        with sock.makefile("rb") as answer:
            while answer.readline().strip():
                pass
            seen = hashlib.sha256(answer.read(100000))
            time.sleep(seconds)
            while True:
                piece = answer.read(1 << 16)
                if not piece:
                    break
                seen.update(piece)
            print(seen.hexdigest())


async def ports(low, high, host):
    async def one(port):
        try:
            _, writer = await asyncio.wait_for(
                asyncio.open_connection(host, port), PATIENCE)
        except OSError as error:
            return port, errno.errorcode.get(error.errno, repr(error))
        writer.close()
        return port, "open"

    for port, what in await asyncio.gather(
            *(one(port) for port in range(low, high + 1))):
        print(port, what)


def told(port, host):
    with socket.socket(family_of(host), socket.SOCK_DGRAM) as sock:
        sock.connect((host, port))
        sock.settimeout(30)
        sock.send(b"anybody?")
        try:
            sock.recv(100)
            print("an answer")
        except socket.timeout:
            print("silence")
        except OSError as error:
            print(errno.errorcode[error.errno])


def leave(host):
    with socket.create_connection((host, 77), PATIENCE) as sock:
        sock.sendall(b"x")
        return sock.recv(1) == b"x"


def chat(host):
    with socket.create_connection((host, 7), PATIENCE) as sock:
        while True:
            sock.sendall(b"x")
            if sock.recv(1) != b"x":
                return False
            print("said", flush=True)
            time.sleep(1)


def starve(count, host):
    """The kernel is to hold little of it: that is not what is measured."""
    held = []
    while True:
        held = [sock for sock in held if not cut_off(sock)]
        while len(held) < count:
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.settimeout(PATIENCE)
            try:
                sock.connect((host, 80))
                sock.sendall(b"GET /bytes/50000000 HTTP/1.0\r\n\r\n")
            except OSError:
                sock.close()
                break
            held.append(sock)
        time.sleep(0.2)


def cut_off(sock):
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


def upload(count, host):
    data = os.urandom(count)
    with socket.create_connection((host, 9), PATIENCE) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        if sock.recv(1):
            raise ValueError("an answer?")
    print(count, hashlib.sha256(data).hexdigest())


def question(ident, name):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    return struct.pack(">6H", ident, 0x0100, 1, 0, 0, 0) + labels + \
        b"\0\0\1\0\1"


def dns(seconds, width, server, name, names=0):
    """One socket, `width` questions in the air; a lost one is asked again.
    `names` different ones, in turn, or always another."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
    sock.connect((server, 53))
    sock.settimeout(5)
    salt = random.randrange(1 << 30)
    asked = answered = lost = 0

    def ask():
        nonlocal asked
        asked += 1
        number = asked % names if names else asked
        text = name.replace("*", "%x-%d" % (salt, number))
        sock.send(question(asked & 0xffff, text))

    begin = time.monotonic()
    for _ in range(width):
        ask()
    while time.monotonic() < begin + seconds:
        try:
            reply = sock.recv(4096)
        except socket.timeout:
            lost += width
            for _ in range(width):
                ask()
            continue
        if reply[3] & 15 == 0 and reply[7] > 0:
            answered += 1
        ask()
    print("%.1f" % (answered / (time.monotonic() - begin)))
    if lost:
        print("%d lost" % lost, file=sys.stderr)


def ask(sock, ident, name):
    """The first address that is answered; None without any."""
    sock.send(question(ident, name))
    while True:
        reply = sock.recv(4096)
        if reply[:2] == struct.pack(">H", ident):
            break
    answers = struct.unpack(">H", reply[6:8])[0]
    at = len(question(ident, name))
    for _ in range(answers):
        while reply[at] and reply[at] < 0xc0:
            at += 1 + reply[at]
        at += 2 if reply[at] else 1
        kind, size = struct.unpack(">H6xH", reply[at:at + 10])
        at += 10 + size
        if kind == 1:
            return socket.inet_ntoa(reply[at - size:at])
    return None


def each_name(count, server, name, use):
    salt = random.randrange(1 << 30)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((server, 53))
        sock.settimeout(PATIENCE)
        for i in range(count):
            text = name.replace("*", "%x-%d" % (salt, i))
            begin = time.monotonic()
            address = ask(sock, i + 1, text)
            if address is None:
                raise ValueError("no address for " + text)
            use(address)
            print("%.5f" % (time.monotonic() - begin), flush=True)


def asks(count, server, name):
    each_name(count, server, name, lambda address: None)


def byname(count, server, name):
    each_name(count, server, name, first_byte)


def socks(server, port, user, host, to_port):
    with socket.create_connection((server, port), PATIENCE) as sock:
        method = 0 if user == "-" else 2
        sock.sendall(bytes([5, 1, method]))
        if exactly(sock, 2) != bytes([5, method]):
            raise ValueError("another method")
        if method:
            sock.sendall(bytes([1, len(user)]) + user.encode() + b"\1x")
            if exactly(sock, 2)[1:] != b"\0":
                raise ValueError("not let in")
        sock.sendall(bytes([5, 1, 0, 3, len(host)]) + host.encode() +
                     struct.pack(">H", to_port))
        try:
            reply = exactly(sock, 4)
        except ConnectionError:
            print("nothing")
        else:
            print("%02x" % reply[1])


def exactly(sock, count):
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise ConnectionError("it ends")
        data += piece
    return data


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def source(host):
    with socket.socket(family_of(host), socket.SOCK_DGRAM) as sock:
        sock.connect((host, 9))
        return sock.getsockname()[0]


def segment(host, port, flags):
    """A TCP segment with these flags and a right checksum."""
    head = [random.randrange(30000, 60000), port, 1, 1, 0x5000 | flags,
            1024, 0, 0]
    bits = struct.pack(">HHIIHHHH", *head)
    pseudo = b"".join(socket.inet_pton(family_of(host), address)
                      for address in (source(host), host))
    words = struct.unpack(">%dH" % (len(pseudo + bits) // 2), pseudo + bits)
    total = sum(words) + len(bits) + socket.IPPROTO_TCP
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    head[6] = ~total & 0xffff
    return struct.pack(">HHIIHHHH", *head)


FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << i for i in range(8))


def attempt(family, kind, proto, action):
    try:
        with socket.socket(family, kind, proto) as sock:
            sock.settimeout(1)
            action(sock)
    except OSError as error:
        print(error, file=sys.stderr)


def odd(*hosts):
    for host in hosts:
        family = family_of(host)
        for flags in (0, FIN, RST, ACK, PSH | ACK, FIN | ACK, RST | ACK,
                      SYN | ACK, SYN | FIN, SYN | RST, FIN | PSH | URG,
                      ECE | CWR, 0xff):
            for port in (53, 80):
                bits = segment(host, port, flags)
                attempt(family, socket.SOCK_RAW, socket.IPPROTO_TCP,
                        lambda s, b=bits, h=host: s.sendto(b, (h, 0)))
        for port in (9, 123, 443, 5353, 9040):
            attempt(family, socket.SOCK_DGRAM, 0,
                    lambda s, h=host, p=port: s.sendto(b"odd", (h, p)))
        for proto in (4, 41, 47, 50, 89, 132, 136, 253):
            attempt(family, socket.SOCK_RAW, proto,
                    lambda s, h=host: s.sendto(b"odd " * 8, (h, 0)))


def sent(device, host):
    family = family_of(host)

    def send(sock, port, bind):
        if bind:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                            device.encode() + b"\0")
        sock.connect((host, port))
        # (a tor that is asked nonsense by DNS crashes)
        sock.send(question(1, "www.lab.example") if port == 53 else b"sent")

    for bind in (False, True):
        for port in (9, 53, 80):
            attempt(family, socket.SOCK_DGRAM, 0,
                    lambda s, p=port, b=bind: send(s, p, b))
        for port in (53, 80) if bind else ():
            attempt(family, socket.SOCK_STREAM, 0,
                    lambda s, p=port, b=bind: send(s, p, b))


def options(data):
    """Kinds in their order; of MSS and window scale the value, too."""
    at = 0
    while at < len(data) and data[at]:
        kind, size = data[at], 1
        if kind != 1:
            size = data[at + 1]
        value = data[at + 2:at + size] if kind in (2, 3) else b""
        yield "%d:%s" % (kind, value.hex()) if value else "%d" % kind
        at += size


def syns(device, port):
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                       socket.htons(0x0800)) as sock:
        sock.bind((device, 0x0800))
        print("ready", flush=True)
        while True:
            data, where = sock.recvfrom(65536)
            segment = data[(data[0] & 15) * 4:]
            if where[2] == socket.PACKET_OUTGOING or data[9] != 6 or \
                    segment[2:4] != struct.pack(">H", port) or \
                    segment[13] & 0x12 != 2:
                continue
            print(socket.inet_ntoa(data[12:16]), "ttl", data[8], "window",
                  struct.unpack(">H", segment[14:16])[0], "options",
                  *options(segment[20:(segment[12] >> 4) * 4]), flush=True)


def raw(server, text):
    with socket.socket(family_of(server), socket.SOCK_DGRAM) as sock:
        sock.connect((server, 53))
        sock.settimeout(2)
        sock.send(bytes.fromhex(text))
        try:
            reply = sock.recv(4096)
            print(reply[3] & 15 if len(reply) > 3 else "short")
        except socket.timeout:
            print("silence")
        except OSError as error:
            print(error)


def main(what="", *args):
    if what == "many":
        return asyncio.run(many(int(args[0]), args[1]))
    if what == "idle":
        return asyncio.run(idle(int(args[0]), args[1]))
    if what == "ttfb":
        return ttfb(int(args[0]), args[1])
    if what == "first":
        return first(float(args[0]), args[1])
    if what == "rate":
        return asyncio.run(rate(float(args[0]), int(args[1]), args[2], 17,
                                a_line))
    if what == "churn":
        return asyncio.run(rate(float(args[0]), int(args[1]), args[2], 7,
                                a_byte))
    if what == "dns":
        return dns(float(args[0]), int(args[1]), *args[2:4],
                   *map(int, args[4:]))
    if what == "asks":
        return asks(int(args[0]), *args[1:])
    if what == "byname":
        return byname(int(args[0]), *args[1:])
    if what == "socks":
        return socks(args[0], int(args[1]), args[2], args[3], int(args[4]))
    if what == "half":
        return half(int(args[0]), args[1])
    if what == "stall":
        return stall(int(args[0]), float(args[1]), args[2])
    if what == "ports":
        return asyncio.run(ports(int(args[0]), int(args[1]), args[2]))
    if what == "told":
        return told(int(args[0]), args[1])
    if what == "leave":
        return leave(args[0])
    if what == "chat":
        return chat(args[0])
    if what == "starve":
        return starve(int(args[0]), args[1])
    if what == "upload":
        return upload(int(args[0]), args[1])
    if what == "odd":
        return odd(*args)
    if what == "sent":
        return sent(*args)
    if what == "syns":
        return syns(args[0], int(args[1]))
    if what == "raw":
        return raw(*args)
    sys.exit(__doc__)


sys.exit(main(*sys.argv[1:]) is False)
