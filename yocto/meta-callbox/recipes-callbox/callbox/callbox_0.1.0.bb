SUMMARY = "Firmware for a video-call appliance"
DESCRIPTION = "Signs in to a hub, joins a call, and sends and shows picture and sound, without a browser and without a desktop."
LICENSE = "MIT | Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE-MIT;md5=a4c6faf194f4da90ea7c6645e072538e \
                    file://LICENSE-APACHE;md5=3b83ef96387f14655fc854ddc3c6bd57"

# The checkout that this layer lies in.
inherit externalsrc
EXTERNALSRC = "${@os.path.abspath(os.path.join(d.getVar('THISDIR'), '..', '..', '..', '..'))}"

inherit cargo cargo-update-recipe-crates pkgconfig systemd useradd

# Made from Cargo.lock by `scripts/yocto-crates`.
require ${BPN}-crates.inc

DEPENDS = "alsa-lib gstreamer1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-bad"

# A device needs the appliance only; add hub for a box that is both.
PACKAGECONFIG ??= "appliance"
PACKAGECONFIG[appliance] = ""
PACKAGECONFIG[hub] = ""
CARGO_BUILD_FLAGS += "--no-default-features --features ${@','.join((d.getVar('PACKAGECONFIG') or '').split())}"

do_install:append() {
    install -Dm0644 ${S}/systemd/callbox.service ${D}${systemd_system_unitdir}/callbox.service
    install -Dm0644 ${S}/systemd/callbox.tmpfiles ${D}${nonarch_libdir}/tmpfiles.d/callbox.conf
    install -Dm0644 ${S}/systemd/callbox.catalog ${D}${nonarch_libdir}/systemd/catalog/callbox.catalog
    install -Dm0644 ${S}/systemd/60-callbox.rules ${D}${nonarch_base_libdir}/udev/rules.d/60-callbox.rules
    if ${@bb.utils.contains('PACKAGECONFIG', 'hub', 'true', 'false', d)}; then
        install -Dm0644 ${S}/systemd/callbox-hub.service ${D}${systemd_system_unitdir}/callbox-hub.service
    fi
}

SYSTEMD_PACKAGES = "${PN}"
SYSTEMD_SERVICE:${PN} = "callbox.service ${@bb.utils.contains('PACKAGECONFIG', 'hub', 'callbox-hub.service', '', d)}"

USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "-r callbox; -r callbox-hub; -r -f render"
USERADD_PARAM:${PN} = "-r -d ${localstatedir}/lib/callbox -s ${base_sbindir}/nologin -g callbox -G video,audio,render,input callbox; \
                       -r -d ${localstatedir}/lib/callbox-hub -s ${base_sbindir}/nologin -g callbox-hub callbox-hub"

FILES:${PN} += "${systemd_system_unitdir} ${nonarch_libdir}/tmpfiles.d ${nonarch_libdir}/systemd/catalog ${nonarch_base_libdir}/udev"

RDEPENDS:${PN} += " \
    callbox-config \
    ca-certificates \
    gstreamer1.0-plugins-base \
    gstreamer1.0-plugins-good \
    gstreamer1.0-plugins-bad \
    libnice \
"
# x264 is in plugins-ugly, which needs LICENSE_FLAGS_ACCEPTED += "commercial": a board with a hardware encoder does without.
RRECOMMENDS:${PN} += "gstreamer1.0-plugins-ugly"
