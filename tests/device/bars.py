"""bars.py FILE [mirrored|seven]: whether a PNG shows vivid's eight colour bars, or videotestsrc's seven: 0 if all are in their
places. It says what it sees."""
import struct
import sys
import zlib

BARS = [(191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191), (0, 0, 0)]
TOLERANCE = 60


def read(path):
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "not a PNG"
    at, packed, header = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    width, height, depth, colour = header[:4]
    assert depth == 8 and colour in (2, 6), "neither RGB nor RGBA"
    step = 3 if colour == 2 else 4
    raw, stride = zlib.decompress(packed), width * step
    rows, above = [], bytearray(stride)
    for y in range(height):
        kind = raw[y * (stride + 1)]
        row = bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            left = row[x - step] if x >= step else 0
            up, corner = above[x], above[x - step] if x >= step else 0
            if kind == 1:
                row[x] = (row[x] + left) & 255
            elif kind == 2:
                row[x] = (row[x] + up) & 255
            elif kind == 3:
                row[x] = (row[x] + (left + up) // 2) & 255
            elif kind == 4:
                guess = left + up - corner
                near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
                row[x] = (row[x] + near[2]) & 255
        rows.append([tuple(row[x:x + 3]) for x in range(0, stride, step)])
        above = row
    return width, height, rows


width, height, rows = read(sys.argv[1])
kind, wrong = "".join(sys.argv[2:]), []
bars = {"": BARS, "mirrored": BARS[::-1], "seven": BARS[:7]}[kind]
y = height * (40 if kind == "seven" else 85) // 100
for bar, wanted in enumerate(bars):
    middle = (2 * bar + 1) * width // (2 * len(bars))
    patch = [rows[y + j][middle + i] for j in range(-3, 4) for i in range(-3, 4)]
    seen = tuple(sum(pixel[c] for pixel in patch) // len(patch) for c in range(3))
    fits = all(abs(a - b) <= TOLERANCE for a, b in zip(seen, wanted))
    if not fits:
        wrong.append(f"bar {bar} is {seen} instead of {wanted}")
print(f"{width}x{height}:", "; ".join(wrong) or "the colour bars")
sys.exit(bool(wrong))
