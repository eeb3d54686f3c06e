#!/usr/bin/env python3
"""tests/tun/peer.py - what programs do to tests/tun/echo_tun, by the kernel's TCP

    peer.py [-r RCVBUF] down HOST BYTES [STALL_SECONDS [NEW_READ_SIZE]]
    peer.py up HOST BYTES [PORT]
    peer.py downs|ups HOST BYTES COUNT
    peer.py echo HOST BYTES
    peer.py many HOST COUNT
    peer.py churn HOST COUNT
    peer.py connect HOST PORT
    peer.py hold HOST
    peer.py udp HOST PORT

Writes "good" and exits with 0, or writes what was not so.
"""
import array
import concurrent.futures
import errno
import hashlib
import os
import select
import socket
import sys
import threading
import time

BLOCK = 64 * 1024
HEX = 64
TIMEOUT = 600
rcvbuf = 0


def blocks(total):
    """The bytes that echo_tun counts, too."""
    at = 0
    while at < total:
        first = at // 8
        b = array.array("Q", range(first, first + BLOCK // 8)).tobytes()
        yield memoryview(b)[:min(BLOCK, total - at)]
        at += BLOCK


def dial(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    if rcvbuf:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    s.settimeout(TIMEOUT)
    s.connect((host, port))
    return s


def fail(text):
    print(text)
    sys.exit(1)


def down(host, total, stall=0, size=BLOCK):
    """Half-closes at once, and then reads the long answer."""
    total, size = int(total), int(size)
    s = dial(host, 19)
    s.sendall(b"%d\n" % total)
    s.shutdown(socket.SHUT_WR)
    sha, got, tail = hashlib.sha256(), 0, b""
    stall_at = total // 3 if float(stall) else float("inf")
    while True:
        if got >= stall_at:
            time.sleep(float(stall))
            stall_at = float("inf")
        b = s.recv(size)
        if not b:
            break
        got += len(b)
        if got > total:
            n = len(b) - (got - total) if got - len(b) < total else 0
            sha.update(b[:n])
            tail += b[n:]
        else:
            sha.update(b)
    if got != total + HEX:
        fail(f"{got} bytes came, of {total + HEX}")
    if tail.decode() != sha.hexdigest():
        fail("another hash")


def up(host, total, port=9):
    total = int(total)
    s = dial(host, int(port))
    sha = hashlib.sha256()
    for b in blocks(total):
        sha.update(b)
        s.sendall(b)
    s.shutdown(socket.SHUT_WR)
    answer = b""
    while b := s.recv(BLOCK):
        answer += b
    if answer.decode() != sha.hexdigest():
        fail(f"another hash: {answer!r}")


def at_once(what, host, total, count):
    """So many transfers beside each other, each of so many bytes."""
    with concurrent.futures.ThreadPoolExecutor(int(count)) as pool:
        for f in [pool.submit(what, host, total) for _ in range(int(count))]:
            f.result()


def downs(host, total, count):
    at_once(down, host, total, count)


def ups(host, total, count):
    at_once(up, host, total, count)


def echo(host, total):
    """Both ways at once."""
    total = int(total)
    s = dial(host, 7)
    sent = hashlib.sha256()

    def send():
        for b in blocks(total):
            sent.update(b)
            s.sendall(b)
        s.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=send)
    thread.start()
    got, n = hashlib.sha256(), 0
    while b := s.recv(BLOCK):
        got.update(b)
        n += len(b)
    thread.join()
    if n != total or got.digest() != sent.digest():
        fail(f"{n} bytes came back, of {total}")


def many(host, count):
    """All are open before the first says a word, and until the last has."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    poll, conns, left = select.poll(), {}, {}
    for i in range(int(count)):
        s = socket.socket(family, socket.SOCK_STREAM)
        s.setblocking(False)
        rc = s.connect_ex((host, 7))
        if rc not in (0, errno.EINPROGRESS):
            fail(os.strerror(rc))
        conns[s.fileno()] = s
        poll.register(s, select.POLLOUT)
    deadline = time.monotonic() + TIMEOUT
    opened = set()
    while len(opened) < len(conns):
        if time.monotonic() > deadline:
            fail(f"{len(opened)} of {len(conns)} opened")
        for fd, _ in poll.poll(1000):
            rc = conns[fd].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if rc:
                fail(f"after {len(opened)}: {os.strerror(rc)}")
            opened.add(fd)
            poll.unregister(fd)
    for i, (fd, s) in enumerate(conns.items()):
        left[fd] = (b"%08d" % i) * 128
        s.send(left[fd])
        poll.register(fd, select.POLLIN)
    done = set()
    while len(done) < len(conns):
        if time.monotonic() > deadline:
            fail(f"{len(done)} of {len(conns)} answered")
        for fd, _ in poll.poll(1000):
            b = conns[fd].recv(BLOCK)
            if not b or not left[fd].startswith(b):
                fail("other bytes came back")
            left[fd] = left[fd][len(b):]
            if not left[fd]:
                done.add(fd)
                poll.unregister(fd)
    for s in conns.values():
        s.close()


def churn(host, count):
    for i in range(int(count)):
        s = dial(host, 7)
        s.sendall(b"x")
        if s.recv(1) != b"x":
            fail(f"after {i}")
        s.close()


def connect(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(3)
    try:
        s.connect((host, int(port)))
    except OSError as e:
        fail(errno.errorcode.get(e.errno, "timeout"))


def hold(host):
    start = time.monotonic()
    s = dial(host, 5)
    took = time.monotonic() - start
    if took < 1.4:
        fail(f"accepted after {took} s")
    s.sendall(b"hello")
    if s.recv(5) != b"hello":
        fail("not given back")


def udp(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect((host, int(port)))
    try:
        s.send(b"a question")
        if s.recv(100) != b"a question":
            fail("another answer")
    except OSError as e:
        fail(errno.errorcode.get(e.errno, "timeout"))


def main(args):
    global rcvbuf
    if args[0] == "-r":
        rcvbuf, args = int(args[1]), args[2:]
    {"down": down, "up": up, "downs": downs, "ups": ups, "echo": echo,
     "many": many, "churn": churn, "connect": connect, "hold": hold,
     "udp": udp}[args[0]](*args[1:])
    print("good")


main(sys.argv[1:])
