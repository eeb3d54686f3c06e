#!/usr/bin/env python3
"""tests/platform/fwbpf.py - programs at interfaces' egress, as any of root's are

usage: fwbpf.py lead IF TO    what leaves by IF leaves by TO: "ready PID", until
                              it is killed; "none": the kernel has no tcx
       fwbpf.py send IF TO SRC DST
                              a datagram by a packet socket at IF, led in that way:
                              "sent" or "none"
       fwbpf.py pass IF       before all others, one that lets everything pass,
                              and asks no other: "ready PID", until it is killed
       fwbpf.py fill IF       as many as there is room for, which ask the next: "ready
                              PID", until it is killed
       fwbpf.py detach IF     the first of them is taken away
       fwbpf.py count IF      how many there are
"""
import ctypes
import errno
import os
import platform
import signal
import socket
import struct
import sys

PROG_LOAD, PROG_QUERY, LINK_CREATE, LINK_GET_FD, LINK_DETACH = 5, 16, 28, 30, 34
SCHED_CLS, TCX_EGRESS, BEFORE, NEXT, PASS, REDIRECT = 3, 47, 8, -1, 0, 23
NUMBER = {"x86_64": 321, "aarch64": 280}
libc = ctypes.CDLL(None, use_errno=True)


def bpf(what, attr):
    number = NUMBER[platform.machine()]
    rc = libc.syscall(number, what, ctypes.byref(attr), len(attr))
    if rc < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return rc


def buffer(data):
    return ctypes.create_string_buffer(data, len(data))


def address(b):
    return ctypes.addressof(b)


def insn(code, dst, imm):
    return struct.pack("=BBhi", code, dst, 0, imm)


MOV, CALL, EXIT = 0xb7, 0x85, 0x95


def load(*text):
    code, name = buffer(b"".join(text)), buffer(b"GPL\0")
    attr = struct.pack("=IIQQ", SCHED_CLS, len(text), address(code), address(name))
    return bpf(PROG_LOAD, buffer(attr.ljust(64, b"\0")))


def put(link, program):
    index = socket.if_nametoindex(link)
    attr = struct.pack("=IIIIIIQ", program, index, TCX_EGRESS, BEFORE, 0, 0, 0)
    return bpf(LINK_CREATE, buffer(attr))


def is_put(link, program):
    try:
        put(link, program)
    except OSError as e:
        if e.errno != errno.EINVAL:
            raise
        print("none")
        return False
    return True


def stay(link, program):
    if not is_put(link, program):
        return
    print("ready %d" % os.getpid(), flush=True)
    signal.pause()


def fill(link):
    links = []
    try:
        while True:
            links.append(put(link, load(insn(MOV, 0, NEXT), insn(EXIT, 0, 0))))
    except OSError as e:
        if e.errno != errno.ERANGE:
            raise
    print("ready %d" % os.getpid(), flush=True)
    signal.pause()


def datagram(src, dst):
    head = bytes.fromhex("450000210000000040110000")
    return (head + socket.inet_aton(src) + socket.inet_aton(dst) +
            bytes.fromhex("00351151000d0000") + b"hello")


def send(link, program, src, dst):
    if not is_put(link, program):
        return
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
    s.sendto(datagram(src, dst), (link, 0x0800, 0, 0, b"\xff" * 6))
    print("sent")


def leads_to(link):
    return load(insn(MOV, 1, socket.if_nametoindex(link)), insn(MOV, 2, 0),
                insn(CALL, 0, REDIRECT), insn(EXIT, 0, 0))


def query(link):
    """How many there are, and the first one's link."""
    ids = (ctypes.c_uint32 * 64)()
    attr = buffer(struct.pack("=IIIIQIIQQQQ", socket.if_nametoindex(link), TCX_EGRESS,
                              0, 0, 0, 64, 0, 0, ctypes.addressof(ids), 0, 0))
    programs = (ctypes.c_uint32 * 64)()
    struct.pack_into("=Q", attr, 16, ctypes.addressof(programs))
    try:
        bpf(PROG_QUERY, attr)
    except OSError as e:
        if e.errno == errno.ENOENT:
            return 0, 0
        raise
    return struct.unpack_from("=I", attr, 24)[0], ids[0]


def main(what, link, to=None, src=None, dst=None):
    if what == "lead":
        stay(link, leads_to(to))
    elif what == "send":
        send(link, leads_to(to), src, dst)
    elif what == "pass":
        stay(link, load(insn(MOV, 0, PASS), insn(EXIT, 0, 0)))
    elif what == "fill":
        fill(link)
    elif what == "detach":
        fd = bpf(LINK_GET_FD, buffer(struct.pack("=III", query(link)[1], 0, 0)))
        bpf(LINK_DETACH, buffer(struct.pack("=I", fd)))
    elif what == "count":
        print(query(link)[0])
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
