#!/usr/bin/env python3
"""Load by the thousand, and figures about it (for tests/bench/load).

usage: loadgen.py slow N HOST        N connections to a service that only
                                     listens, a byte each 10 s; "ready N" when
                                     they are open, until killed
       loadgen.py pull N BYTES HOST  N downloads at once, so many bytes in all:
                                     MB/s
       loadgen.py churn RATE SECONDS HOST
                                     so many fresh connections a second, a byte
                                     each way: "good failed good/s"
       loadgen.py ask RATE SECONDS SERVER NAME NAMES
                                     so many questions a second; "*" in NAME
                                     becomes one of NAMES numbers, or, with 0,
                                     always another: "asked answers/s lost-%
                                     p99-ms".  A refusal is an answer, too
       loadgen.py flood KIND SECONDS DEVICE GATEWAY HOST
                                     as root: syn, syn6, udp, icmp or arp frames
                                     as fast as they go, from neighbours that are
                                     not there: frames/s
       loadgen.py usage PID          "RSS-MB descriptors processes" of a process
                                     and its descendants
       loadgen.py sample PID FILE    each half second a line "seconds RSS-MB
                                     descriptors processes" of a process and
                                     its descendants, until killed
       loadgen.py growth COLUMN FILE by how much a straight line through what
                                     sample wrote rises, the first third left
                                     out
       loadgen.py worst SECONDS COMMAND...
                                     runs it again and again: the longest that
                                     it took, in s; one that fails took 999
"""
import asyncio
import os
import random
import socket
import struct
import subprocess
import sys
import time

PATIENCE = 120          # seconds, for one connection or transfer
ANSWER_WITHIN = 30      # a question that has no answer by then is lost


# ---- connections

async def slow(count, host):
    writers = []

    async def opened():
        _, writer = await asyncio.wait_for(
            asyncio.open_connection(host, 9), PATIENCE)
        writer.write(b"x")
        writers.append(writer)

    for start in range(0, count, 50):
        await asyncio.gather(*(opened() for _ in range(
            start, min(start + 50, count))), return_exceptions=True)
    print("ready", len(writers), flush=True)
    while True:
        await asyncio.sleep(10)
        for writer in writers:
            writer.write(b"x")


async def pull(count, total, host):
    each = total // count

    async def one():
        reader, writer = await asyncio.open_connection(host, 80,
                                                       limit=1 << 20)
        writer.write(b"GET /bytes/%d HTTP/1.0\r\n\r\n" % each)
        await reader.readuntil(b"\r\n\r\n")
        got = 0
        while piece := await reader.read(1 << 18):
            got += len(piece)
        writer.close()
        if got != each:
            raise ConnectionError("%d of %d bytes" % (got, each))

    begin = time.monotonic()
    await asyncio.wait_for(asyncio.gather(*(one() for _ in range(count))),
                           10 * PATIENCE)
    print("%.2f" % (each * count / 1e6 / (time.monotonic() - begin)))


async def churn(rate, seconds, host):
    good = failed = 0
    running = set()

    async def one():
        nonlocal good, failed
        try:
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(host, 7), PATIENCE)
            writer.write(b"x")
            back = await asyncio.wait_for(reader.read(1), PATIENCE)
            writer.close()
            good += back == b"x"
            failed += back != b"x"
        except (OSError, asyncio.TimeoutError):
            failed += 1

    begin = time.monotonic()
    started = 0
    while (now := time.monotonic() - begin) < seconds:
        while started < now * rate:
            job = asyncio.create_task(one())
            running.add(job)
            job.add_done_callback(running.discard)
            started += 1
        await asyncio.sleep(0.005)
    if running:
        await asyncio.wait(running, timeout=PATIENCE)
    took = time.monotonic() - begin
    failed += len(running)
    print(good, failed, "%.1f" % (good / took))


# ---- questions

def question(ident, name):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    return struct.pack(">6H", ident, 0x0100, 1, 0, 0, 0) + labels + \
        b"\0\0\1\0\1"


class Asker:
    """Open loop: the next question waits for no answer.  Sockets in turn, so
    that an id comes again only after 65,536 of each."""

    SOCKETS = 8

    def __init__(self, server, name, names):
        self.name, self.names = name, names
        self.salt = random.randrange(1 << 30)
        self.socks = []
        for _ in range(self.SOCKETS):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            sock.connect((server, 53))
            sock.setblocking(False)
            self.socks.append(sock)
        self.waiting = {}
        self.asked = 0
        self.took = []

    def ask(self):
        number = self.asked % self.names if self.names else self.asked
        where, ident = self.asked % self.SOCKETS, \
            self.asked // self.SOCKETS & 0xffff
        text = self.name.replace("*", "%x-%d" % (self.salt, number))
        self.asked += 1
        self.waiting[where, ident] = time.monotonic()
        try:
            self.socks[where].send(question(ident, text))
        except OSError:
            pass        # it stays without an answer

    def hear(self):
        for where, sock in enumerate(self.socks):
            while True:
                try:
                    reply = sock.recv(4096)
                except OSError:
                    break
                ident = struct.unpack(">H", reply[:2])[0]
                since = self.waiting.pop((where, ident), None)
                if since is not None:
                    self.took.append(time.monotonic() - since)


def p99(values):
    return sorted(values)[int(len(values) * 0.99)] if values else 999.0


def ask(rate, seconds, server, name, names):
    asker = Asker(server, name, names)
    begin = time.monotonic()
    # On a machine that is too busy to ask as fast, all of them are asked yet.
    while asker.asked < rate * seconds:
        due = min((time.monotonic() - begin) * rate, rate * seconds)
        while asker.asked < due:
            asker.ask()
            if asker.asked % 16 == 0:
                asker.hear()
        asker.hear()
        time.sleep(0.0005)
    in_time = len(asker.took)
    seconds = time.monotonic() - begin
    end = time.monotonic() + ANSWER_WITHIN
    while asker.waiting and time.monotonic() < end:
        asker.hear()
        time.sleep(0.002)
    print(asker.asked, "%.1f" % (in_time / seconds),
          "%.3f" % (100 * len(asker.waiting) / max(asker.asked, 1)),
          "%.2f" % (1000 * p99(asker.took)))


# ---- floods

def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def mac_of(device):
    with open("/sys/class/net/%s/address" % device, encoding="ascii") as f:
        return bytes.fromhex(f.read().strip().replace(":", ""))


def neighbour(address):
    """The link-layer address of a neighbour that was just spoken to."""
    subprocess.run(["ping", "-c1", "-W5", address], check=False,
                   stdout=subprocess.DEVNULL)
    with open("/proc/net/arp", encoding="ascii") as f:
        for line in f:
            words = line.split()
            if words[0] == address:
                return bytes.fromhex(words[3].replace(":", ""))
    raise OSError("no neighbour " + address)


def packet(proto, source, target, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload),
                       random.randrange(65536), 0, 64, proto, 0,
                       socket.inet_aton(source), socket.inet_aton(target))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def tcp_syn(source, target):
    """Addresses as bytes, of either family."""
    bits = struct.pack(">HHIIBBHHH", random.randrange(1024, 65536), 80,
                       random.randrange(1 << 32), 0, 0x50, 2, 64240, 0, 0)
    pseudo = source + target + struct.pack(">HH", 6, len(bits))
    return bits[:16] + struct.pack(">H", checksum(pseudo + bits)) + bits[18:]


def packet6(source, target, payload):
    return struct.pack(">IHBB", 6 << 28, len(payload), 6, 64) + source + \
        target + payload


def forged():
    """Of the LAN's network, and nobody's."""
    return "10.9.0.%d" % random.randrange(100, 250)


def forged6():
    return socket.inet_pton(socket.AF_INET6,
                            "fd09:9::%x" % random.randrange(256, 512))


def frames(kind, device, gateway, host):
    mine, to = mac_of(device), neighbour(gateway)
    ether = to + mine
    for _ in range(4096):
        source = forged()
        if kind == "syn":
            yield ether + b"\x08\0" + packet(6, source, host, tcp_syn(
                socket.inet_aton(source), socket.inet_aton(host)))
        elif kind == "syn6":
            far, near = socket.inet_pton(socket.AF_INET6, host), forged6()
            yield ether + b"\x86\xdd" + packet6(near, far,
                                                tcp_syn(near, far))
        elif kind == "udp":
            bits = struct.pack(">HHHH", random.randrange(1024, 65536),
                               random.randrange(1, 65536), 40, 0)
            yield ether + b"\x08\0" + packet(17, source, host,
                                             bits + os.urandom(32))
        elif kind == "icmp":
            bits = struct.pack(">BBHHH", 8, 0, 0, random.randrange(65536),
                               random.randrange(65536)) + bytes(32)
            bits = bits[:2] + struct.pack(">H", checksum(bits)) + bits[4:]
            yield ether + b"\x08\0" + packet(1, source, host, bits)
        else:
            yield b"\xff" * 6 + mine + b"\x08\x06" + struct.pack(
                ">HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, mine,
                socket.inet_aton(source), bytes(6),
                socket.inet_aton(gateway))


def flood(kind, seconds, device, gateway, host):
    ready = list(frames(kind, device, gateway, host))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((device, 0))
        sent = 0
        begin = time.monotonic()
        while time.monotonic() < begin + seconds:
            for frame in ready[:256]:
                try:
                    sock.send(frame)
                    sent += 1
                except OSError:
                    pass
            ready = ready[256:] + ready[:256]
    print("%.0f" % (sent / (time.monotonic() - begin)))


# ---- figures

def parents():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid, encoding="latin-1") as f:
                yield int(pid), int(f.read().rpartition(")")[2].split()[1])
        except OSError:
            pass


def family(root):
    of = dict(parents())
    mine = {root} & of.keys()
    while more := {p for p, up in of.items() if up in mine} - mine:
        mine |= more
    return mine


def usage(root):
    rss = fds = count = 0
    for pid in family(root):
        try:
            with open("/proc/%d/statm" % pid, encoding="ascii") as f:
                rss += int(f.read().split()[1])
            fds += len(os.listdir("/proc/%d/fd" % pid))
            count += 1
        except OSError:
            pass
    return rss * os.sysconf("SC_PAGE_SIZE") / 1e6, fds, count


def sample(root, path):
    with open(path, "w", encoding="ascii") as out:
        while True:
            out.write("%.2f %.2f %d %d\n" % ((time.monotonic(),) +
                                             usage(root)))
            out.flush()
            time.sleep(0.5)


def growth(column, path):
    with open(path, encoding="ascii") as f:
        rows = [[float(x) for x in line.split()] for line in f]
    rows = [row for row in rows[len(rows) // 3:] if len(row) == 4]
    if len(rows) < 3:
        raise ValueError("too few samples")
    times = [row[0] for row in rows]
    values = [row[column] for row in rows]
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    slope = sum((t - middle) * (v - mean) for t, v in zip(times, values)) / \
        sum((t - middle) ** 2 for t in times)
    print("%.2f" % (slope * (times[-1] - times[0])))


def worst(seconds, command):
    slowest = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        try:
            rc = subprocess.run(command, stdout=subprocess.DEVNULL,
                                timeout=PATIENCE, check=False).returncode
        except subprocess.TimeoutExpired:
            rc = 1
        slowest = max(slowest, 999 if rc else time.monotonic() - begin)
        time.sleep(0.1)
    print("%.3f" % slowest)


def main(what="", *args):
    if what == "slow":
        asyncio.run(slow(int(args[0]), args[1]))
    elif what == "pull":
        asyncio.run(pull(int(args[0]), int(args[1]), args[2]))
    elif what == "churn":
        asyncio.run(churn(float(args[0]), float(args[1]), args[2]))
    elif what == "ask":
        ask(float(args[0]), float(args[1]), args[2], args[3], int(args[4]))
    elif what == "flood":
        flood(args[0], float(args[1]), *args[2:])
    elif what == "usage":
        print("%.2f %d %d" % usage(int(args[0])))
    elif what == "sample":
        sample(int(args[0]), args[1])
    elif what == "growth":
        growth(int(args[0]), args[1])
    elif what == "worst":
        worst(float(args[0]), args[1:])
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
