SUMMARY = "What the Callbox appliances of this product have in common"
DESCRIPTION = "The vendor's layer of the configuration, /usr/lib/callbox/callbox.toml. A product replaces this recipe's file by a \
bbappend of its own; a site overrides single keys in /etc/callbox."
LICENSE = "MIT | Apache-2.0"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"

inherit allarch

SRC_URI = "file://callbox.toml"
S = "${UNPACKDIR}"

do_install() {
    install -Dm0644 ${S}/callbox.toml ${D}${nonarch_libdir}/callbox/callbox.toml
}

FILES:${PN} = "${nonarch_libdir}/callbox"
