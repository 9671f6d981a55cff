"""feed.py DEVICE RATE FILE...: writes these pictures to a v4l2loopback camera, again and again."""
import itertools
import sys
import time

pictures = [open(name, "rb").read() for name in sys.argv[3:]]
with open(sys.argv[1], "wb", buffering=0) as camera:
    for picture in itertools.cycle(pictures):
        camera.write(picture)
        time.sleep(1 / float(sys.argv[2]))
