#!/usr/bin/env python3
"""tests/platform/fwxdp.py - AF_XDP sockets, as any program of root's has them

usage: fwxdp.py send IF MAC SRC DST    a datagram by each queue of the interface:
                                       "sent N", and of each that is taken "busy"
       fwxdp.py hold IF                takes its first queue, "ready PID" or "busy"
       fwxdp.py race IF                tries to take its first queue, all the time:
                                       "trying PID", and at SIGTERM "got it" or
                                       "never in N tries"
       fwxdp.py channels IF N          the interface uses N queues (ethtool -L)
"""
import ctypes
import errno
import fcntl
import os
import signal
import socket
import struct
import sys
import time

from fwraw import Maker

AF_XDP, SOL_XDP = 44, 283
MMAP_OFFSETS, RX_RING, TX_RING, UMEM_REG, FILL_RING, COMPLETION_RING = range(1, 7)
PGOFF_TX_RING, COPY, CHUNK, PAGE = 0x80000000, 2, 2048, os.sysconf("SC_PAGESIZE")
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int,
                      ctypes.c_int, ctypes.c_long]


def mmap(length, flags, fd, offset):
    at = libc.mmap(None, length, 3, flags, fd, offset)
    if at == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")
    return at


class Xdp:
    """A socket with one page of memory; bound to a queue."""

    def __init__(self, link, queue):
        self.prepare()
        self.bind(link, queue)

    def prepare(self):
        self.sock = socket.socket(AF_XDP, socket.SOCK_RAW)
        self.memory = mmap(PAGE, 0x22, -1, 0)    # private, anonymous
        self.sock.setsockopt(SOL_XDP, UMEM_REG, struct.pack(
            "QQIIII", self.memory, PAGE, CHUNK, 0, 0, 0))
        for ring in (FILL_RING, COMPLETION_RING, TX_RING):
            self.sock.setsockopt(SOL_XDP, ring, 1)
        offsets = self.sock.getsockopt(SOL_XDP, MMAP_OFFSETS, 128)
        self.producer, _, self.desc, _ = struct.unpack_from("QQQQ", offsets, 32)
        self.ring = mmap(self.desc + 16, 1, self.sock.fileno(), PGOFF_TX_RING)

    def bind(self, link, queue):
        to = struct.pack("HHIII", AF_XDP, COPY, socket.if_nametoindex(link), queue,
                         0)
        if libc.bind(self.sock.fileno(), to, len(to)) < 0:
            e = ctypes.get_errno()
            raise OSError(e, os.strerror(e))

    def send(self, frame):
        ctypes.memmove(self.memory, frame, len(frame))
        ctypes.memmove(self.ring + self.desc, struct.pack("QII", 0, len(frame), 0),
                       16)
        ctypes.c_uint32.from_address(self.ring + self.producer).value = 1
        self.sock.send(b"", socket.MSG_DONTWAIT)


def queues(link):
    """Sockets on all of them; EBUSY in the place of one that is another's."""
    number, got = 0, []
    while True:
        try:
            got.append(Xdp(link, number))
        except OSError as e:
            if e.errno == errno.EINVAL and number > 0:
                return got
            if e.errno != errno.EBUSY:
                raise
            got.append(errno.EBUSY)
        number += 1


def send(link, mac, src, dst):
    packet = Maker(src, dst).udp(53, b"by AF_XDP")
    frame = bytes.fromhex(mac.replace(":", "")) + b"\2\0\0\0\0\1" + (
        b"\x86\xdd" if ":" in dst else b"\x08\0") + packet
    mine = queues(link)
    for one in mine:
        if one == errno.EBUSY:
            print("busy")
        else:
            one.send(frame)
    time.sleep(0.1)     # it leaves by a queue of the kernel's
    print("sent", sum(one != errno.EBUSY for one in mine))


def hold(link):
    try:
        held = Xdp(link, 0)
    except OSError as e:
        print("busy" if e.errno == errno.EBUSY else e, flush=True)
        return
    print("ready", os.getpid(), flush=True)
    signal.pause()
    held.sock.close()


def race(link):
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
    mine = Xdp.__new__(Xdp)
    mine.prepare()
    print("trying", os.getpid(), flush=True)
    tries = 0
    while not stopped:
        tries += 1
        try:
            mine.bind(link, 0)
        except OSError as e:
            if e.errno != errno.EBUSY:
                raise
            continue
        print("got it", flush=True)
        return
    print("never in %d tries" % tries, flush=True)


def channels(link, count):
    wanted = ctypes.create_string_buffer(struct.pack(
        "9I", 0x3d, 0, 0, 0, 0, int(count), int(count), 0, 0))  # SCHANNELS
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(s, 0x8946, struct.pack("16sP16x", link.encode(),    # SIOCETHTOOL
                                       ctypes.addressof(wanted)))


def main():
    {"send": send, "hold": hold, "race": race,
     "channels": channels}[sys.argv[1]](*sys.argv[2:])


main()
