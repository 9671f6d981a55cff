"""kms.py FILE [PNG]: writes what the virtual display shows, as its driver has it, to a PNG file. With another PNG, whether the two
are the same picture: 0 if so. It says what it sees."""
import ctypes
import fcntl
import glob
import mmap
import os
import struct
import sys
import zlib

from png import read

XR24 = int.from_bytes(b"XR24", "little")
TOLERANCE = 12


def call(card, number, size, data):
    buffer = bytearray(data.ljust(size, b"\0"))
    fcntl.ioctl(card, 3 << 30 | size << 16 | ord("d") << 8 | number, buffer)
    return bytes(buffer)


def shown(card):
    """Width, height and rows of the picture on the first display that is on."""
    crtcs = struct.unpack("<8I", call(card, 0xA0, 64, b"")[32:])[1]
    ids = (ctypes.c_uint32 * crtcs)()
    call(card, 0xA0, 64, struct.pack("<4Q8I", 0, ctypes.addressof(ids), 0, 0, 0, crtcs, 0, 0, 0, 0, 0, 0))
    for crtc in ids:
        picture = struct.unpack("<I", call(card, 0xA1, 104, struct.pack("<Q2I", 0, 0, crtc))[16:20])[0]
        if picture:
            break
    else:
        sys.exit("the display is off")
    _, width, height, form, _, handle, *_ = struct.unpack("<5I12I", call(card, 0xCE, 104, struct.pack("<I", picture))[:68])
    pitch = struct.unpack("<I", call(card, 0xCE, 104, struct.pack("<I", picture))[36:40])[0]
    assert form == XR24, f"the format is {form.to_bytes(4, 'little')}"
    offset = struct.unpack("<IIQ", call(card, 0xB3, 16, struct.pack("<I", handle)))[2]
    with mmap.mmap(card, pitch * height, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset) as memory:
        rows = []
        for y in range(height):
            line = memory[y * pitch:y * pitch + width * 4]
            row = bytearray(width * 3)
            row[0::3], row[1::3], row[2::3] = line[2::4], line[1::4], line[0::4]
            rows.append(bytes(row))
    return width, height, rows


def write(path, width, height, rows):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 1)) + chunk(b"IEND", b""))


for node in sorted(glob.glob("/dev/dri/card*")):
    driver = os.path.basename(os.path.realpath(f"/sys/class/drm/{os.path.basename(node)}/device/driver"))
    if driver == "vkms" or "vkms" in os.path.realpath(f"/sys/class/drm/{os.path.basename(node)}/device"):
        break
else:
    sys.exit("there is no virtual display")
card = os.open(node, os.O_RDWR | os.O_CLOEXEC)
width, height, rows = shown(card)
write(sys.argv[1], width, height, rows)
print(f"{node} shows {width}x{height}")
if len(sys.argv) > 2:
    other = read(sys.argv[2])
    assert other[:2] == (width, height), f"the other picture has {other[0]}x{other[1]}"
    apart = [
        abs(rows[y][x * 3 + channel] - other[2][y][x][channel])
        for y in range(0, height, 7) for x in range(0, width, 7) for channel in range(3)
    ]
    far = sum(distance > TOLERANCE for distance in apart)
    levels = {bytes(row[x * 3:x * 3 + 3]) for row in rows[::7] for x in range(0, width, 7)}
    print(f"{far} of {len(apart)} samples are different; {len(levels)} colours")
    sys.exit(far > len(apart) // 200 or len(levels) < 3)
