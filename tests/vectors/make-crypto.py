#!/usr/bin/python3
"""Writes tests/vectors/crypto.h: known answers for the circuit handshakes and
for relay crypto, from an implementation of its own (hashlib, and the Python
package "cryptography" for X25519 and AES).  Only needed to make them anew:

	python3 tests/vectors/make-crypto.py > tests/vectors/crypto.h
"""
import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey, X25519PublicKey)
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def seed(name, n=32):
    return hashlib.shake_256(b"crypto vectors: " + name.encode()).digest(n)


def pub(sec):
    return X25519PrivateKey.from_private_bytes(sec).public_key().public_bytes(
        Encoding.Raw, PublicFormat.Raw)


def dh(sec, p):
    return X25519PrivateKey.from_private_bytes(sec).exchange(
        X25519PublicKey.from_public_bytes(p))


def show(name, data):
    print("static const char %s[] =" % name)
    h = data.hex()
    lines = [h[i:i + 64] for i in range(0, len(h), 64)]
    print("\n".join('\t"%s"' % s for s in lines) + ";\n")


def h(msg, tweak):
    return hmac.new(tweak, msg, hashlib.sha256).digest()


def ntor():
    """tor-spec 5.1.4"""
    proto = b"ntor-curve25519-sha256-1"
    ident, b, x, y = seed("id", 20), seed("b"), seed("x"), seed("y")
    B, X, Y = pub(b), pub(x), pub(y)
    secret = dh(y, X) + dh(b, X) + ident + B + X + Y + proto
    verify = h(secret, proto + b":verify")
    auth = h(verify + ident + B + Y + X + proto + b"Server", proto + b":mac")
    prk, keys, last = h(secret, proto + b":key_extract"), b"", b""
    for i in range(1, 5):
        last = h(last + proto + b":key_expand" + bytes([i]), prk)
        keys += last
    show("ntor_id", ident)
    show("ntor_onion", B)
    show("ntor_sec", x)
    show("ntor_skin", ident + B + X)
    show("ntor_reply", Y + auth)
    show("ntor_keys", keys[:92])


def fast():
    """tor-spec 5.1.3 and 5.2.1"""
    x, y = seed("fast x", 20), seed("fast y", 20)
    k = b"".join(hashlib.sha1(x + y + bytes([i])).digest() for i in range(5))
    show("fast_x", x)
    show("fast_reply", y + k[:20])
    show("fast_keys", k[20:92])


class Way:
    def __init__(self, key, digest):
        self.aes = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
        self.sha = hashlib.sha1(digest)

    def sign(self, body):
        body = body[:1] + bytes(2) + body[3:5] + bytes(4) + body[9:]
        self.sha.update(body)
        tag = self.sha.digest()
        return body[:5] + tag[:4] + body[9:], tag

    def crypt(self, body):
        return self.aes.update(body)


def relay():
    """tor-spec 5.5 and 6.1: 40 bodies each way through 3 hops, to and from
    hop i % 3.  What is kept is a hash of all that is on the wire, one of all
    tags, and for a closer look the first and the last body."""
    keys = [seed("hop %d" % i, 72) for i in range(3)]
    fwd = [Way(k[40:56], k[:20]) for k in keys]
    bwd = [Way(k[56:72], k[20:40]) for k in keys]
    for name, ways in (("fwd", fwd), ("bwd", bwd)):
        wire, tags, first = b"", b"", None
        for i in range(40):
            hop = i % 3
            body, tag = ways[hop].sign(seed("%s %d" % (name, i), 509))
            # Forward the client puts its layers on from hop down to 0, and
            # backward the relays do: the same order.
            for w in reversed(ways[:hop + 1]):
                body = w.crypt(body)
            wire, tags, first = wire + body, tags + tag, first or body
        show("relay_%s_wire" % name, hashlib.sha256(wire).digest())
        show("relay_%s_tags" % name, hashlib.sha256(tags).digest())
        show("relay_%s_first" % name, first)
        show("relay_%s_last" % name, body)
        show("relay_%s_last_tag" % name, tag)
    show("relay_keys", b"".join(keys))


print("/* tests/vectors/crypto.h - known answers; written by make-crypto.py */")
print("#ifndef TESTS_VECTORS_CRYPTO_H\n#define TESTS_VECTORS_CRYPTO_H\n")
ntor()
fast()
relay()
print("#endif")
