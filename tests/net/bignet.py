#!/usr/bin/env python3
"""bignet: bignet.py DATADIR N KEYS...: a directory of the live network's size

Puts N relays that do not exist into the consensus and the microdescriptors that
are kept in DATADIR, of no weight, so that nobody chooses them, and has the
consensus last for two hours.  KEYS are the directories of the authorities' keys:
it is signed by them, and is as good as one that they had voted for.
"""
import base64
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time

PR = ("Conflux=1 Cons=1-2 Desc=1-4 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4-5 "
      "HSRend=1-2 Link=3-5 LinkAuth=1,3 Microdesc=1-3 Padding=2 Relay=2-6")


def b64(data):
    return base64.b64encode(data).decode().rstrip("=")


def made(kind, i):
    return hashlib.sha256(b"%s %d" % (kind, i)).digest()


def microdesc(i):
    family = " ".join("$" + made(b"id", j)[:20].hex().upper()
                      for j in range(i // 8 * 8, i // 8 * 8 + 8))
    policy = "p accept 20-21,43,53,80,443,%d\n" % (1000 + i % 300)
    return "onion-key\nntor-onion-key %s\n%s%sid ed25519 %s\n" % (
        b64(made(b"ntor", i)), "family %s\n" % family if i % 2 else "",
        policy if i % 4 == 0 else "", b64(made(b"ed", i)))


def entry(i, text):
    digest = hashlib.sha256(text.encode()).digest()
    v6 = "a [2001:db8:%x::%x]:9001\n" % (i >> 8, i + 1) if i % 2 else ""
    return ("r made%d %s 2038-01-01 00:00:00 10.%d.%d.%d 9001 0\n%sm %s\n"
            "s Fast %sRunning Stable V2Dir Valid\nv Tor 0.4.8.21\npr %s\n"
            "w Bandwidth=0\n" % (
                i, b64(made(b"id", i)[:20]), i >> 16, i >> 8 & 255, i & 255,
                v6, b64(digest), "HSDir " if i % 2 else "", PR))


def signed(text, keys):
    """The signatures of all whose keys these are."""
    digest = hashlib.sha256(text.encode()).digest()
    out = ""
    for d in keys:
        with open(os.path.join(d, "authority_certificate")) as f:
            cert = f.read()
        name = re.search("^fingerprint (.*)$", cert, re.M).group(1)
        pem = re.search("dir-signing-key\n-----.*?-----(.*?)-----", cert,
                        re.S).group(1)
        key = hashlib.sha1(base64.b64decode(pem)).hexdigest().upper()
        with tempfile.NamedTemporaryFile() as f:
            f.write(digest)
            f.flush()
            sig = subprocess.run(
                ["openssl", "pkeyutl", "-sign", "-inkey",
                 os.path.join(d, "authority_signing_key"), "-in", f.name,
                 "-pkeyopt", "rsa_padding_mode:pkcs1"],
                check=True, stdout=subprocess.PIPE).stdout
        out += "%ssha256 %s %s\n-----BEGIN SIGNATURE-----\n%s" \
            "-----END SIGNATURE-----\n" % (
                "directory-signature " if out else "", name, key,
                base64.encodebytes(sig).decode())
    return out


def consensus(text, added, keys):
    body = text[:text.index("directory-signature ")]
    head, _, rest = body.partition("\nr ")
    listed, _, foot = rest.partition("directory-footer\n")
    relays = ["r " + r for r in listed.split("\nr ")]
    relays[-1] = relays[-1].rstrip("\n")
    relays = [r + "\n" for r in relays] + added
    relays.sort(key=lambda r: base64.b64decode(r.split()[2] + "=="))
    now = time.time()
    for name, offset in (("valid-after", -60), ("fresh-until", 3600),
                         ("valid-until", 7200)):
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now + offset))
        head = re.sub("^%s .*$" % name, "%s %s" % (name, when), head,
                      flags=re.M)
    whole = head + "\n" + "".join(relays) + "directory-footer\n" + foot + \
        "directory-signature "
    return whole + signed(whole, keys)


def main():
    data, n, keys = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    texts = [microdesc(i) for i in range(n)]
    path = os.path.join(data, "cached-microdesc-consensus")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(consensus(text, [entry(i, t) for i, t in enumerate(texts)],
                          keys))
    now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    with open(os.path.join(data, "cached-microdescs.new"), "a") as f:
        for t in texts:
            f.write("@last-listed %s\n%s" % (now, t))


main()
