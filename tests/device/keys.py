#!/usr/bin/env python3
"""keys.py NAME: an input device of the kernel with this name, made by uinput. Reads lines from stdin: `down CODE`, `up CODE`,
`repeat CODE`; at the end of them the device is gone."""
import fcntl
import os
import struct
import sys

UI_SET_EVBIT, UI_SET_KEYBIT = 0x40045564, 0x40045565
UI_DEV_CREATE, UI_DEV_DESTROY = 0x5501, 0x5502
EV_SYN, EV_KEY = 0, 1
VALUES = {"up": 0, "down": 1, "repeat": 2}

device = os.open("/dev/uinput", os.O_WRONLY)
fcntl.ioctl(device, UI_SET_EVBIT, EV_KEY)
for code in range(1, 240):
    fcntl.ioctl(device, UI_SET_KEYBIT, code)
# struct uinput_user_dev: name, id (bus, vendor, product, version), effects, four tables of 64
os.write(device, struct.pack("80sHHHHI", sys.argv[1].encode(), 3, 0x1189, 0x8890, 1, 0) + bytes(4 * 64 * 4))
fcntl.ioctl(device, UI_DEV_CREATE)
print("ready", flush=True)
for line in sys.stdin:
    how, code = line.split()
    for event in ((EV_KEY, int(code), VALUES[how]), (EV_SYN, 0, 0)):
        os.write(device, struct.pack("llHHi", 0, 0, *event))
fcntl.ioctl(device, UI_DEV_DESTROY)
