#!/usr/bin/env python3
"""tests/platform/screen.py - what a QEMU's screen shows, and keys for it

usage: screen.py SOCKET text		characters on the VGA's text screen
       screen.py SOCKET drawn TEXT		TEXT is on a screen that is drawn
       screen.py SOCKET png FILE		a picture of it
       screen.py SOCKET keys KEY...	are pressed, as QEMU names them

A drawn screen (a frame buffer's) is looked at in cells of 8 by 16 pixels.  No
font is known: TEXT is found where cells are alike and differ as its letters are
alike and differ.
"""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "net"))
sys.dont_write_bytecode = True
from qmp import Monitor  # noqa: E402


def taken(ask):
    """What QEMU writes to a file."""
    with tempfile.TemporaryDirectory() as d:
        name = os.path.join(d, "it")
        ask(name)
        with open(name, "rb") as f:
            return f.read()


def text(monitor):
    """80 by 25 characters, each with its colours, at 0xb8000."""
    memory = taken(lambda name: monitor.tell(
        "pmemsave", val=0xb8000, size=4000, filename=name))
    for row in range(25):
        line = memory[row * 160:row * 160 + 160:2]
        print("".join(chr(c) if 32 <= c < 127 else " " for c in line).rstrip())


def cells(picture):
    """Of a portable pixmap (P6), rows of cells; each the pixels that are lit."""
    magic, width, height, _ = picture.split(None, 4)[:4]
    if magic != b"P6":
        sys.exit("screen.py: no pixmap")
    width, height = int(width), int(height)
    pixels = picture[len(picture) - 3 * width * height:]
    lit = bytes(1 if pixels[i] | pixels[i + 1] | pixels[i + 2] else 0
                for i in range(0, len(pixels), 3))
    for top in range(0, height - 15, 16):
        yield [b"".join(lit[(top + y) * width + left:
                            (top + y) * width + left + 8] for y in range(16))
               for left in range(0, width - 7, 8)]


def alike(row, wanted):
    """Cells and letters pair one to one, and a space is an empty one."""
    letters, seen = {}, {}
    for cell, letter in zip(row, wanted):
        if (letter == " ") == any(cell):
            return False
        if letters.setdefault(letter, cell) != cell or \
                seen.setdefault(cell, letter) != letter:
            return False
    return True


def drawn(monitor, wanted):
    picture = taken(lambda name: monitor.tell("screendump", filename=name))
    for row in cells(picture):
        for at in range(len(row) - len(wanted) + 1):
            if alike(row[at:at + len(wanted)], wanted):
                return 0
    return 1


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    monitor, what, rest = Monitor(sys.argv[1], 0), sys.argv[2], sys.argv[3:]
    if what == "text":
        text(monitor)
    elif what == "drawn":
        sys.exit(drawn(monitor, *rest))
    elif what == "png":
        monitor.tell("screendump", filename=os.path.abspath(rest[0]),
                     format="png")
    elif what == "keys":
        for key in rest:
            monitor.tell("send-key", keys=[{"type": "qcode", "data": key}])
    else:
        sys.exit(__doc__)


main()
