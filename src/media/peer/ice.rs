//! The ICE agent below a `webrtcbin`: libnice.

use std::sync::Arc;

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;

use super::Options;
use super::path::Paths;
use crate::media::Error;
use crate::media::pipeline::set;

/// libnice as we want it, before anything is gathered. `attempt` chooses among several STUN servers.
pub fn prepare(webrtc: &gst::Element, options: &Options, attempt: u64, paths: &Arc<Paths>) -> Result<(), Error> {
    tame(webrtc, options, paths);
    if let Some(server) = options.helpers.stun_uri(attempt) {
        webrtc.set_property("stun-server", server);
    }
    let relays = options.helpers.turn_uris();
    if options.relay_only {
        if relays.is_empty() {
            let text = "everything is to be relayed (`network.relay-only`), but neither the hub nor this configuration names a TURN server";
            return Err(Error::Pipeline(text.to_owned()));
        }
        set(webrtc, "ice-transport-policy", "relay");
    }
    for uri in relays {
        if !webrtc.emit_by_name::<bool>("add-turn-server", &[&uri]) {
            tracing::warn!("a TURN server was not taken");
        }
    }
    Ok(())
}

/// No UPnP (attack surface, 200 ms), no TCP candidates, our ports, and checks that notice a peer that is gone.
fn tame(webrtc: &gst::Element, options: &Options, paths: &Arc<Paths>) {
    let Some(ice) = webrtc.find_property("ice-agent").map(|_| webrtc.property::<glib::Object>("ice-agent")) else {
        return;
    };
    for (name, value) in [("ice-tcp", false), ("ice-udp", true)] {
        if ice.find_property(name).is_some() {
            ice.set_property(name, value);
        }
    }
    if let Some(ports) = options.ports {
        for (name, port) in [("min-rtp-port", ports.first), ("max-rtp-port", ports.last)] {
            match ice.find_property(name) {
                Some(_) => ice.set_property(name, u32::from(port)),
                None => tracing::warn!("this GStreamer cannot keep to `network.ports`"),
            }
        }
    }
    if ice.find_property("agent").is_none() {
        return;
    }
    let Some(agent) = ice.property::<Option<glib::Object>>("agent") else {
        return;
    };
    for (name, value) in [("upnp", false), ("keepalive-conncheck", true)] {
        if agent.find_property(name).is_some() {
            agent.set_property(name, value);
        }
    }
    paths.watch(&agent);
}
