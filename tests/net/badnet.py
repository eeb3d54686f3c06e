#!/usr/bin/env python3
"""tests/net/badnet.py - what a network says of itself, true or not

usage: badnet.py dhcp IF FILE LOG	a DHCP server that says what FILE says
       badnet.py ra IF PREFIX		a router that advertises PREFIX::/64, a
					resolver in it, and a way to half of the
					world, each second

As root, until killed.  FILE is read at each message; its lines are

	address A		whom it gives, always the same
	mask M			option 1
	router A [A...]		option 3
	lease SECONDS		option 51
	option NUMBER HEX	any other, as it is

and without an address nobody is answered.  Who asks for another address than
that is told no.  LOG has a line for each message that came: its kind, and the
options that it had, as NUMBER=HEX.
"""
import ipaddress
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "platform"))
import fwraw  # noqa: E402

MAGIC = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
KINDS = {DISCOVER: "discover", REQUEST: "request", 4: "decline", 7: "release",
         8: "inform"}


def packed(*addresses):
    return b"".join(ipaddress.IPv4Address(a).packed for a in addresses)


def options_of(message):
    found, at = {}, 240
    while at < len(message) and message[at] != 255:
        if message[at] == 0:
            at += 1
            continue
        length = message[at + 1]
        found[message[at]] = message[at + 2:at + 2 + length]
        at += 2 + length
    return found


def said_in(file):
    address, options = None, []
    with open(file) as lines:
        for line in lines:
            word, *rest = line.split() or [""]
            if word == "address":
                address = packed(rest[0])
            elif word == "mask":
                options.append((1, packed(rest[0])))
            elif word == "router":
                options.append((3, packed(*rest)))
            elif word == "lease":
                options.append((51, struct.pack("!I", int(rest[0]))))
            elif word == "option":
                options.append((int(rest[0]), bytes.fromhex("".join(rest[1:]))))
    return address, options


def reply(message, kind, server, address, options):
    head = struct.pack("!BBBB4sHH", 2, 1, 6, 0, message[4:8], 0, 0x8000)
    head += message[12:16] + (address if kind != NAK else bytes(4)) + server
    head += bytes(4) + message[28:44] + bytes(192) + MAGIC
    for number, value in [(53, bytes([kind])), (54, server)] + options:
        head += bytes([number, len(value)]) + value
    return head + b"\xff" + bytes(60)


def answer_to(message, server, file):
    asked = options_of(message)
    kind = asked.get(53, b"\0")[0]
    address, options = said_in(file)
    if not address or kind not in (DISCOVER, REQUEST):
        return None
    if kind == DISCOVER:
        return reply(message, OFFER, server, address, options)
    wanted = asked.get(50, message[12:16])
    if asked.get(54, server) != server:
        return None
    if wanted != address:
        return reply(message, NAK, server, address, [])
    return reply(message, ACK, server, address, options)


def framer(link, destination):
    """A socket's own broadcast would come back to the oracle as if it were the
    uplink's."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((link, 0))
    mac = s.getsockname()[4]

    def send(packet):
        kind = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\0"
        s.send(destination + mac + kind + packet)
    return send, mac


def dhcp(link, file, log):
    send, _ = framer(link, b"\xff" * 6)
    packets = fwraw.Maker(SERVER, "255.255.255.255")
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, fwraw.SO_BINDTODEVICE, link.encode())
    s.bind(("", 67))
    server = packed(SERVER)
    out = open(log, "a", buffering=1)
    while True:
        message, _ = s.recvfrom(2048)
        if len(message) < 240 or message[236:240] != MAGIC:
            continue
        asked = options_of(message)
        kind = asked.get(53, b"\0")[0]
        print(KINDS.get(kind, kind), *("%d=%s" % (n, v.hex())
              for n, v in asked.items()), file=out)
        answer = answer_to(message, server, file)
        if answer:
            send(packets.udp(68, answer, sport=67))


SERVER = "198.51.100.1"


def advertisement(prefix, mac):
    net = ipaddress.IPv6Address(prefix + "::").packed
    resolver = ipaddress.IPv6Address(prefix + "::53").packed
    yield struct.pack("!BBHI", 64, 0xc0, 1800, 0) + bytes(4)
    yield b"\1\1" + mac
    yield struct.pack("!BBBBIII", 3, 4, 64, 0xc0, 3600, 3600, 0) + net
    yield struct.pack("!BBHI", 25, 3, 0, 3600) + resolver
    yield struct.pack("!BBBBI", 24, 1, 1, 0, 3600)      # ::/1
    yield struct.pack("!BBHI", 5, 1, 0, 1280)


def ra(link, prefix):
    send, mac = framer(link, b"\x33\x33\0\0\0\1")
    m = fwraw.Maker("fe80::bad", "ff02::1")
    head, *rest = advertisement(prefix, mac)
    packet = m.icmp(134, rest=head[:4], data=head[4:] + b"".join(rest),
                    hops=255)
    while True:
        send(packet)
        time.sleep(1)


{"dhcp": dhcp, "ra": ra}[sys.argv[1]](*sys.argv[2:])
