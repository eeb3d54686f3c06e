#!/usr/bin/env python3
"""Asks the resolver on that loopback port everything that the tests look at.

One line an answer: NAME TYPE HEX, of the whole message.  Asked over TCP with
DO and CD, as dnsport does.
"""
import socket
import struct
import sys

TYPES = {'A': 1, 'NS': 2, 'CNAME': 5, 'SOA': 6, 'MX': 15, 'TXT': 16,
         'AAAA': 28, 'SRV': 33, 'DS': 43, 'DNSKEY': 48, 'HTTPS': 65,
         'CAA': 257, 'PTR': 12}
ZONES = ('secure nsec3 optout iter expired future wrong rsa rsa512 ed p384 '
         'old nokey insecure').split()
FULL = ['secure', 'nsec3', 'optout']
EACH = [('www', 'A'), ('www', 'MX'), ('nothing', 'A')]
MANY = EACH + [('www', 'AAAA'), ('www', 'TXT'), ('', 'MX'), ('alias', 'A'),
               ('far', 'A'), ('out', 'A'), ('gone', 'A'), ('x.wild', 'A'),
               ('y.x.wild', 'A'), ('x.wild', 'MX'), ('x.wildalias', 'A'),
               ('c', 'TXT'), ('b.c', 'A'), ('a.b.c', 'TXT'),
               ('www.tree', 'A'), ('nothing.tree', 'A'), ('inside', 'A'),
               ('inside6', 'AAAA'), ('mapped', 'AAAA'), ('svc', 'HTTPS'),
               ('svcin', 'HTTPS'), ('svcin6', 'HTTPS'), ('_sip._tcp', 'SRV'),
               ('', 'CAA'), ('', 'SOA'), ('', 'NS'), ('', 'DNSKEY'),
               ('', 'DS'), ('a.nothing', 'A'), ('nothing', 'CNAME'),
               ('chain9', 'A'), ('alias', 'CNAME')]
OTHER = [('test.', 'DS'), ('.', 'DNSKEY'), ('.', 'NS'), ('test.', 'DNSKEY'),
         ('plain.', 'DS'), ('plain.', 'DNSKEY'), ('www.plain.', 'A'),
         ('www.plain.', 'MX'), ('nothing.', 'A'), ('nothing.test.', 'A'),
         ('empty.test.', 'A'), ('www.sub.secure.test.', 'A'),
         ('www.sub.secure.test.', 'MX'), ('www.plain.secure.test.', 'A'),
         ('nothing.plain.secure.test.', 'A'),
         ('www.plain.optout.test.', 'A'), ('www.signed.optout.test.', 'A'),
         ('plain.secure.test.', 'DS'), ('sub.secure.test.', 'DS'),
         ('plain.optout.test.', 'DS')]


def wire(name):
    out = b''
    for label in name.split('.'):
        if label:
            out += bytes([len(label)]) + label.encode()
    return out + b'\0'


def exactly(s, n):
    out = b''
    while len(out) < n:
        more = s.recv(n - len(out))
        if not more:
            raise EOFError
        out += more
    return out


def ask(s, name, qtype):
    msg = struct.pack('>HHHHHH', 0, 0x0110, 1, 0, 0, 1) + wire(name) + \
        struct.pack('>HH', TYPES[qtype], 1) + \
        b'\0' + struct.pack('>HHIH', 41, 1232, 0x8000, 0)
    s.sendall(struct.pack('>H', len(msg)) + msg)
    return exactly(s, struct.unpack('>H', exactly(s, 2))[0])


def questions():
    asked = set()
    for zone in ZONES:
        for label, qtype in MANY if zone in FULL else EACH:
            asked.add(((label + '.' if label else '') + zone + '.test.',
                       qtype))
    asked.update(OTHER)
    # what a walk to any of these names may want to know
    for name, _ in list(asked):
        labels = [x for x in name.split('.') if x]
        for i in range(len(labels)):
            asked.add(('.'.join(labels[i:]) + '.', 'DS'))
            asked.add(('.'.join(labels[i:]) + '.', 'DNSKEY'))
    return sorted(asked)


def main():
    for name, qtype in questions():
        with socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5) as s:
            print(name, qtype, ask(s, name, qtype).hex())


if __name__ == "__main__":
    main()
