"""bars.py FILE [mirrored|seven]: whether a PNG shows vivid's eight colour bars, or videotestsrc's seven: 0 if all are in their
places. It says what it sees."""
import sys

from png import read

BARS = [(191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191), (0, 0, 0)]
TOLERANCE = 60


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
