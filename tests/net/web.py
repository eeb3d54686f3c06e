#!/usr/bin/env python3
"""The destination: a web server and a few plain services, on IPv4 and IPv6.

usage: web.py LOGFILE MEGABYTES

HTTP, port 80 (HTTP/1.1, keep-alive):
  GET  /          one line: the address that the request came from
  GET  /bytes/N   N bytes of a random file, wrapped around when N is larger
  GET  /sum/N     the SHA-256 of those
  GET  /drip/N    the same bytes, slowly: 16 KiB, a pause of 0.1 s, ...
  PUT, POST       swallow the body; answer its SHA-256
Ports 7 and 77 echo, port 17 one line with the client's address, then end.
Port 9 says nothing, and logs how many bytes came until end-of-file, and their
SHA-256, or how else it ended.

Each connection and request is a line in LOGFILE: time, port, the client's
address, and what was asked.  "ready" is its first line.
"""
import asyncio
import hashlib
import http.server
import os
import socket
import sys
import tempfile
import threading
import time

CHUNK = 1 << 18
log_lock = threading.Lock()


def plain(address):
    return address[7:] if address.startswith("::ffff:") else address


class Data:
    """A file of random bytes, without a name, so that it goes with us."""

    def __init__(self, size):
        self.size = size
        self.file = tempfile.TemporaryFile(dir=os.environ.get("LAB_DIR"))
        left = size
        while left:
            n = min(left, 1 << 20)
            self.file.write(os.urandom(n))
            left -= n
        self.file.flush()
        self.fd = self.file.fileno()
        self.sums = {}

    def pieces(self, total, step=1 << 30):
        """(offset, length) of what makes up the first `total` bytes."""
        at = 0
        while at < total:
            off = at % self.size
            n = min(step, self.size - off, total - at)
            yield off, n
            at += n

    def sum(self, total):
        if total not in self.sums:
            h = hashlib.sha256()
            for off, n in self.pieces(total, CHUNK):
                h.update(os.pread(self.fd, n, off))
            self.sums[total] = h.hexdigest()
        return self.sums[total]

    def send(self, sock, total):
        for off, n in self.pieces(total):
            while n:
                sent = os.sendfile(sock.fileno(), self.fd, off, n)
                if sent == 0:
                    raise ConnectionError("peer is gone")
                off += sent
                n -= sent

    def drip(self, sock, total):
        for off, n in self.pieces(total, 1 << 14):
            sock.sendall(os.pread(self.fd, n, off))
            time.sleep(0.1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def note(self, text):
        note(80, self.client_address[0], text)

    def log_message(self, *_):
        pass

    def answer(self, body, code=200):
        body = body.encode()
        self.head(len(body), code)
        self.wfile.write(body)

    def head(self, length, code=200):
        self.send_response(code)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.flush()

    def do_GET(self):
        self.note("GET " + self.path)
        what, _, number = self.path.strip("/").partition("/")
        size = int(number) if number.isdigit() else 0
        if what == "":
            self.answer("Hello %s, from %s.\n" % (
                plain(self.client_address[0]), self.headers.get("Host")))
        elif what == "sum":
            self.answer(data.sum(size) + "\n")
        elif what in ("bytes", "drip"):
            self.head(size)
            (data.send if what == "bytes" else data.drip)(
                self.connection, size)
        else:
            self.answer("no such thing\n", 404)

    def do_PUT(self):
        self.note(self.command + " " + self.path)
        h = hashlib.sha256()
        left = int(self.headers.get("Content-Length", 0))
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        while left:
            piece = self.rfile.read1(min(left, CHUNK))
            if not piece:
                self.close_connection = True
                return
            h.update(piece)
            left -= len(piece)
        self.answer(h.hexdigest() + "\n")

    do_POST = do_PUT


class Web(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 4096
    daemon_threads = True

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def handle_error(self, request, client_address):
        note(80, client_address[0], "error %r" % (sys.exc_info()[1],))


def note(port, address, text):
    with log_lock:
        logfile.write("%.3f %d %s %s\n" % (
            time.time(), port, plain(address), text))
        logfile.flush()


async def echo(reader, writer):
    note(7, writer.get_extra_info("peername")[0], "echo")
    try:
        while True:
            piece = await reader.read(CHUNK)
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def sink(reader, writer):
    address = writer.get_extra_info("peername")[0]
    h = hashlib.sha256()
    count = 0
    try:
        while True:
            piece = await reader.read(CHUNK)
            if not piece:
                break
            h.update(piece)
            count += len(piece)
        note(9, address, "EOF after %d %s" % (count, h.hexdigest()))
    except OSError as error:
        note(9, address, "%s after %d" % (error, count))
    writer.close()


async def banner(_, writer):
    address = plain(writer.get_extra_info("peername")[0])
    writer.write((address + "\n").encode())
    writer.close()


async def plain_services():
    for port, service in ((7, echo), (77, echo), (9, sink), (17, banner)):
        sock = socket.create_server(("::", port), family=socket.AF_INET6,
                                    backlog=4096, dualstack_ipv6=True)
        await asyncio.start_server(service, sock=sock)
    web = Web(("::", 80), Handler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    logfile.write("ready\n")
    logfile.flush()
    await asyncio.Event().wait()


logfile = open(sys.argv[1], "w", encoding="ascii", errors="replace")
data = Data(int(sys.argv[2]) << 20)
asyncio.run(plain_services())
