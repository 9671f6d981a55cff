SUMMARY = "An appliance that boots into the call"
LICENSE = "MIT"

inherit core-image

IMAGE_FEATURES += "ssh-server-dropbear"
IMAGE_INSTALL += "callbox callbox-config alsa-utils kernel-modules"
