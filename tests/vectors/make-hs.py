#!/usr/bin/python3
"""Writes tests/vectors/hs.h, the descriptors in tests/vectors/hs/ and their
layers as seeds for tests/fuzz/fz_hsdesc: known answers for onion services (rend-spec-v3), from an implementation of its own
(curve arithmetic below, hashlib, and the Python package "cryptography" for
X25519 and AES).  Only needed to make them anew:

	python3 tests/vectors/make-hs.py
"""
import base64
import hashlib
import os
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey, X25519PublicKey)
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEEDS = "../fuzz/corpus/hsdesc"
HERE = os.path.dirname(os.path.abspath(__file__))
NOW = 1795867200			# 2026-11-28 12:00:00


def sha3(b):
    return hashlib.sha3_256(b).digest()


def int8(n):
    return struct.pack("!Q", n)


def seed(name, n=32):
    return hashlib.shake_256(b"hs vectors: " + name.encode()).digest(n)


# --- Ed25519, RFC 8032 5.1, affine and slow ---

P = 2 ** 255 - 19
L = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
I = pow(2, (P - 1) // 4, P)


def recover(y, odd):
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * I % P
    if (x * x - xx) % P:
        raise ValueError("not on the curve")
    return P - x if x % 2 != odd else x


BY = 4 * pow(5, P - 2, P) % P
B = (recover(BY, 0), BY)


def add(p, q):
    x1, y1 = p
    x2, y2 = q
    k = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P,
            (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P)


def mul(n, p):
    r = (0, 1)
    while n:
        if n & 1:
            r = add(r, p)
        p = add(p, p)
        n >>= 1
    return r


def enc(p):
    return (p[1] | (p[0] & 1) << 255).to_bytes(32, "little")


def dec(b):
    n = int.from_bytes(b, "little")
    y = n & (1 << 255) - 1
    return recover(y, n >> 255), y


def clamp(b):
    b = bytearray(b)
    b[0] &= 248
    b[31] &= 63
    b[31] |= 64
    return int.from_bytes(b, "little")


class Key:
    """A scalar, the prefix for signatures, the public key."""

    def __init__(self, a, prefix):
        self.a, self.prefix, self.pub = a, prefix, enc(mul(a, B))

    @classmethod
    def of(cls, name):
        h = hashlib.sha512(seed(name)).digest()
        return cls(clamp(h[:32]), h[32:])

    def sign(self, m):
        r = int.from_bytes(hashlib.sha512(self.prefix + m).digest(),
                           "little") % L
        big_r = enc(mul(r, B))
        k = int.from_bytes(hashlib.sha512(big_r + self.pub + m).digest(),
                           "little") % L
        return big_r + ((r + k * self.a) % L).to_bytes(32, "little")


# --- addresses, keys of a period, the ring ---

def address(pub, version=3):
    chk = sha3(b".onion checksum" + pub + bytes([version]))[:2]
    return base64.b32encode(pub + chk + bytes([version])).decode().lower()


def blind(key, num, minutes):
    base = ("(%d, %d)" % B).encode()
    h = clamp(sha3(b"Derive temporary signing key\0" + key.pub + base +
                   b"key-blind" + int8(num) + int8(minutes)))
    prefix = hashlib.sha512(b"Derive temporary signing key hash input" +
                            key.prefix).digest()[:32]
    out = Key(h * key.a % L, prefix)
    assert out.pub == enc(mul(h, dec(key.pub)))
    return out


def subcredential(key, blinded):
    return sha3(b"subcredential" + sha3(b"credential" + key.pub) +
                blinded.pub)


def ring(blinded, srv, num, minutes, relays, replicas, spread):
    places = sorted((sha3(b"node-idx" + ed + srv + int8(num) +
                          int8(minutes)), n) for n, ed in enumerate(relays))
    out = []
    for r in range(1, replicas + 1):
        at = sha3(b"store-at-idx" + blinded + int8(r) + int8(minutes) +
                  int8(num))
        after = [p for p in places if p[0] >= at]
        added = 0
        for _, n in after + [p for p in places if p[0] < at]:
            if n not in out and added < spread:
                out.append(n)
                added += 1
    return out


# --- descriptors ---

def ctr(key, iv, data):
    e = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    return e.update(data) + e.finalize()


def x_pub(sec):
    return X25519PrivateKey.from_private_bytes(sec).public_key().public_bytes(
        Encoding.Raw, PublicFormat.Raw)


def x_dh(sec, pub):
    return X25519PrivateKey.from_private_bytes(sec).exchange(
        X25519PublicKey.from_public_bytes(pub))


def b64(b):
    return base64.b64encode(b).decode()


def armor(kind, b):
    t = b64(b)
    lines = [t[i:i + 64] for i in range(0, len(t), 64)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----" % (
        kind, "\n".join(lines), kind)


def cert(kind, key, signer, expires):
    body = struct.pack("!BBIB", 1, kind, expires // 3600, 1) + key
    body += b"\x01" + struct.pack("!HBB", 32, 4, 0) + signer.pub
    return armor("ED25519 CERT", body + signer.sign(body))


def seal(plain, secret, sub, rev, const, salt):
    keys = hashlib.shake_256(secret + sub + int8(rev) + salt +
                             const).digest(80)
    c = ctr(keys[:32], keys[32:48], plain)
    mac = sha3(int8(32) + keys[48:] + int8(16) + salt + c)
    return salt + c + mac


def intro(n, signing, expires):
    name = "intro %d " % n
    specs = bytes([4, 0, 6, 192, 0, 2, n + 1]) + struct.pack("!H", 9001 + n)
    specs += bytes([2, 20]) + seed(name + "rsa", 20)
    specs += bytes([3, 32]) + seed(name + "ed")
    specs += bytes([1, 18]) + bytes.fromhex("20010db8") + seed(name, 12)
    specs += struct.pack("!H", 9001 + n)
    enc_key = x_pub(seed(name + "enc"))
    return "\n".join([
        "introduction-point " + b64(specs),
        "onion-key ntor " + b64(x_pub(seed(name + "onion"))),
        "auth-key", cert(9, Key.of(name + "auth").pub, signing, expires),
        "enc-key ntor " + b64(enc_key),
        "enc-key-cert", cert(11, seed(name + "as ed"), signing, expires),
        ""])


def inner(signing, expires):
    return "\n".join([
        "create2-formats 2",
        "a-line-of-the-future with arguments",
        "flow-control 1-2 31",
        "pow-params v2 nobody knows",
        "pow-params v1 %s 4242 2026-11-28T14:30:00" % b64(seed("pow"))[:-1],
        ""]) + "".join(intro(n, signing, expires) for n in range(3))


def clients(sub, ephemeral, cookie, secrets):
    lines = []
    for i, sec in enumerate(secrets):
        k = hashlib.shake_256(sub + x_dh(ephemeral, x_pub(sec))).digest(40)
        iv = seed("iv %d" % i, 16)
        lines.append((k[:8], iv, ctr(k[8:], iv, cookie)))
    while len(lines) % 16 or not lines:
        i = len(lines)
        lines.append((seed("c%d" % i, 8), seed("v%d" % i, 16),
                      seed("k%d" % i, 16)))
    return "".join("auth-client %s %s %s\n" % tuple(
        b64(x).rstrip("=") for x in line) for line in lines)


def put(name, data):
    os.makedirs(os.path.dirname(os.path.join(HERE, name)), exist_ok=True)
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)


def descriptor(name, service, num, minutes, rev, secrets):
    """Writes it, and what is in it."""
    b = blind(service, num, minutes)
    sub = subcredential(service, b)
    signing = Key.of("signing")
    expires = NOW + 54 * 3600
    cookie = seed("cookie", 16) if secrets else b""
    put("%s/inner-%s" % (SEEDS, name), b"i" + inner(signing, expires).encode())
    second = seal(inner(signing, expires).encode(), b.pub + cookie, sub, rev,
                  b"hsdir-encrypted-data", seed("salt 2", 16))
    ephemeral = seed("ephemeral")
    first = ("desc-auth-type x25519\ndesc-auth-ephemeral-key %s\n%s"
             "encrypted\n%s" % (b64(x_pub(ephemeral)),
                                clients(sub, ephemeral, cookie, secrets),
                                armor("MESSAGE", second))).encode()
    put("%s/middle-%s" % (SEEDS, name), b"m" + first + b"\n")
    first += b"\0" * (-len(first) % 10000)
    outer = "\n".join([
        "hs-descriptor 3", "descriptor-lifetime 180",
        "descriptor-signing-key-cert", cert(8, signing.pub, b, expires),
        "revision-counter %d" % rev, "superencrypted",
        armor("MESSAGE", seal(first, b.pub, sub, rev,
                              b"hsdir-superencrypted-data",
                              seed("salt 1", 16))), ""])
    sig = signing.sign(b"Tor onion service descriptor sig v3" +
                       outer.encode())
    text = (outer + "signature %s\n" % b64(sig).rstrip("=")).encode()
    put("hs/" + name, text)
    put("%s/outer-%s" % (SEEDS, name), b"o" + text)


# --- what is written ---

def main():
    out = open(os.path.join(HERE, "hs.h"), "w")

    def text(name, s):
        out.write("static const char %s[] =\n" % name)
        lines = [s[i:i + 64] for i in range(0, len(s), 64)]
        out.write("\n".join('\t"%s"' % x for x in lines) + ";\n\n")

    def show(name, b):
        text("hsv_" + name, b.hex())

    out.write("/* Made by tests/vectors/make-hs.py; see there. */\n\n")
    out.write("#define HSV_NOW INT64_C(%d)\n" % NOW)
    service = Key.of("service")
    num, minutes, rev = 20785, 1440, 2 ** 64 - 2
    out.write("#define HSV_PERIOD %d\n#define HSV_MINUTES %d\n\n" % (num,
                                                                  minutes))
    b = blind(service, num, minutes)
    show("service", service.pub)
    text("hsv_address", address(service.pub))
    show("blinded", b.pub)
    show("subcredential", subcredential(service, b))
    show("blinded_240", blind(service, 7, 240).pub)
    show("ring_srv", seed("srv"))

    # The same service's key plus points of order 2, 4 and 8, by any of which
    # a checksum can be made.
    eight = None
    y = 2
    while eight is None:
        try:
            p = mul(L, (recover(y, 0), y))
            if mul(4, p) != (0, 1):
                eight = p
        except ValueError:
            pass
        y += 1
    for order, k in ((8, 1), (4, 2), (2, 4)):
        t = mul(k, eight)
        text("hsv_address_torsion_%d" % order,
             address(enc(add(dec(service.pub), t))))
        text("hsv_address_small_%d" % order, address(enc(t)))
    text("hsv_address_identity", address(enc((0, 1))))
    text("hsv_address_not_canonical",
         address((P + 1).to_bytes(32, "little")))
    y = 2
    while True:
        try:
            recover(y, 0)
        except ValueError:
            break
        y += 1
    text("hsv_address_off_curve", address(y.to_bytes(32, "little")))
    text("hsv_address_version_4", address(service.pub, 4))

    relays = [seed("relay %d" % n) for n in range(40)]
    text("hsv_ring_relays", "".join(r.hex() for r in relays))
    for name, n, args in (("ring_default", 40, (2, 3)),
                          ("ring_wide", 40, (3, 5)),
                          ("ring_few", 5, (2, 3)),
                          ("ring_many", 40, (16, 128))):
        got = ring(b.pub, seed("srv"), num, minutes, relays[:n], *args)
        out.write("static const int hsv_%s[] = { %s };\n" % (
            name, ", ".join(str(x) for x in got[:16])))
    out.write("\n")

    for t, n, m in ((1460546101, 16903, 1440),):
        assert (t // 60 - 720) // m == n
    show("disaster", sha3(b"shared-random-disaster" + int8(minutes) +
                          int8(num)))

    alice, bob, eve = seed("alice"), seed("bob"), seed("eve")
    show("alice", alice)
    show("bob", bob)
    show("eve", eve)
    text("hsv_alice_base32", base64.b32encode(alice).decode().rstrip("="))
    descriptor("open", service, num, minutes, rev, [])
    descriptor("auth", service, num, minutes, rev, [alice, bob])
    for n in range(3):
        name = "intro %d " % n
        show("intro%d_rsa" % n, seed(name + "rsa", 20))
        show("intro%d_ed" % n, seed(name + "ed"))
        show("intro%d_onion" % n, x_pub(seed(name + "onion")))
        show("intro%d_auth" % n, Key.of(name + "auth").pub)
        show("intro%d_enc" % n, x_pub(seed(name + "enc")))
    show("pow", seed("pow"))
    show("signing", Key.of("signing").pub)
    out.close()


main()
