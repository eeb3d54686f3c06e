#!/usr/bin/env python3
"""An address of an onion service that is not there (rend-spec-v3 6).

usage: onionaddr.py [KIND]: "....onion"
  (none)    a key that nobody has
  version   the same, of another version
  small     a right checksum, of a point of small order
"""
import base64
import hashlib
import subprocess
import sys


def public_key():
    secret = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519", "-outform", "DER"],
        check=True, stdout=subprocess.PIPE).stdout
    public = subprocess.run(
        ["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"],
        check=True, input=secret, stdout=subprocess.PIPE).stdout
    return public[-32:]


def address(key, version):
    check = hashlib.sha3_256(b".onion checksum" + key + version).digest()[:2]
    label = base64.b32encode(key + check + version)
    return label.decode().lower() + ".onion"


kind = sys.argv[1] if len(sys.argv) > 1 else ""
if kind == "small":
    print(address(bytes([1] + [0] * 31), b"\3"))
else:
    print(address(public_key(), b"\4" if kind == "version" else b"\3"))
