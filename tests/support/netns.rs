//! Two network namespaces with one wire between them, which can be made narrow, lossy, or cut. Needs root, `ip`, `tc` and `iptables`.
//!
//! ```no_run
//! let Some(net) = Net::lay() else { return }; // it said why
//! let hub = Hub::start_in(&net, Side::A);
//! let door = Appliance::start_in(&net, Side::A, &hub, "door-1", "…");
//! net.narrow(Side::A, 1000, 100); // what A sends: 1 Mbit/s, with a queue of 100 ms
//! ```

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// One end of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// 10.99.0.1
    A,
    /// 10.99.0.2
    B,
}

/// The namespaces; they go, with all that is in them, when this is dropped: declare it before what runs in it.
pub struct Net {
    names: [String; 2],
}

/// The wire's name, at either end.
const WIRE: &str = "wire";
/// What may pass at once: the kernel's timer ticks are this far apart at 10 Mbit/s.
const BURST: u32 = 4000;

static LAID: AtomicU32 = AtomicU32::new(0);

impl Net {
    /// None, and a line that says so, where this cannot be done. With `NETWORK_TESTS=must` (see `scripts/test-network`) that fails instead.
    pub fn lay() -> Option<Self> {
        let number = LAID.fetch_add(1, Ordering::Relaxed);
        let name = |side| format!("callbox-{}-{number}{side}", std::process::id());
        let net = Self { names: [name('a'), name('b')] };
        match net.connect() {
            Ok(()) => Some(net),
            Err(why) if std::env::var("NETWORK_TESTS").is_ok_and(|wanted| wanted == "must") => {
                panic!("no network namespaces here: {why}")
            }
            Err(why) => {
                println!("SKIPPED: no network namespaces here: {why}");
                None
            }
        }
    }

    fn connect(&self) -> Result<(), String> {
        let [a, b] = &self.names;
        for tool in ["tc", "iptables"] {
            run(Command::new(tool).arg("-V"))?;
        }
        for name in &self.names {
            ip(&["netns", "add", name])?;
        }
        ip(&["link", "add", WIRE, "netns", a, "type", "veth", "peer", "name", WIRE, "netns", b])?;
        for side in [Side::A, Side::B] {
            // An IPv6 address is not to be used in its first seconds, and ICE takes it all the same.
            self.run(side, &["sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"]);
            let (name, address) = (self.name(side), format!("{}/24", side.address()));
            ip(&["-n", name, "address", "add", &address, "dev", WIRE])?;
            // What is lost and blocked here is IPv4: nothing may get by.
            self.run(side, &["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"]);
            for device in ["lo", WIRE] {
                ip(&["-n", name, "link", "set", device, "up"])?;
            }
            // A card that sends packets larger than the wire takes would hide what passes.
            self.run(side, &["tc", "qdisc", "add", "dev", WIRE, "root", "pfifo", "limit", "1000"]);
        }
        Ok(())
    }

    /// What `ip netns` calls one side.
    pub fn name(&self, side: Side) -> &str {
        &self.names[side as usize]
    }

    /// A program that is to run on one side.
    pub fn command(&self, side: Side, program: &Path) -> Command {
        command_in(Some(self.name(side)), program)
    }

    /// Runs a command on one side; it must succeed.
    pub fn run(&self, side: Side, words: &[&str]) -> String {
        let mut command = self.command(side, Path::new(words[0]));
        run(command.args(&words[1..])).unwrap_or_else(|why| panic!("{why}"))
    }

    /// From now on this side sends no more than so many kbit/s, and what waits longer than `queue_ms` is dropped.
    pub fn narrow(&self, side: Side, kbits: u32, queue_ms: u32) {
        let (rate, burst, latency) = (format!("{kbits}kbit"), BURST.to_string(), format!("{queue_ms}ms"));
        self.run(
            side,
            &["tc", "qdisc", "replace", "dev", WIRE, "root", "tbf", "rate", &rate, "burst", &burst, "latency", &latency],
        );
    }

    /// As wide as before.
    pub fn widen(&self, side: Side) {
        self.run(side, &["tc", "qdisc", "replace", "dev", WIRE, "root", "pfifo", "limit", "1000"]);
    }

    /// From now on this part of the UDP packets that one side sends is lost (TCP goes through, so signaling works). They are lost
    /// where they arrive: a sender is told of those that are lost where they begin.
    pub fn lose(&self, side: Side, part: f64) {
        self.heal(side);
        let part = part.to_string();
        let random = ["-m", "statistic", "--mode", "random", "--probability", &part, "-j", "DROP"];
        self.run(side.other(), &[&["iptables", "-w", "-A", "INPUT", "-i", WIRE, "-p", "udp"][..], &random].concat());
    }

    /// From now on nothing that one side sends over UDP arrives.
    pub fn block(&self, side: Side) {
        self.lose(side, 1.0);
    }

    /// Nothing that this side sends is lost any more.
    pub fn heal(&self, side: Side) {
        self.run(side.other(), &["iptables", "-w", "-F", "INPUT"]);
    }

    /// Pulls the plug, or puts it back.
    pub fn plug(&self, side: Side, plugged: bool) {
        self.run(side, &["ip", "link", "set", WIRE, if plugged { "up" } else { "down" }]);
    }

    /// What went over the wire from one side, in bytes, with all headers.
    pub fn sent(&self, side: Side) -> u64 {
        let json = self.run(side, &["ip", "-j", "-s", "link", "show", "dev", WIRE]);
        let links: serde_json::Value = serde_json::from_str(&json).unwrap();
        links[0]["stats64"]["tx"]["bytes"].as_u64().unwrap()
    }
}

impl Side {
    /// Its address on the wire.
    pub fn address(self) -> &'static str {
        match self {
            Self::A => "10.99.0.1",
            Self::B => "10.99.0.2",
        }
    }

    /// The other end.
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for name in &self.names {
            // One that was not made needs no end.
            let _ = ip(&["netns", "delete", name]);
        }
    }
}

/// A program, in a network namespace if one is named.
pub fn command_in(namespace: Option<&str>, program: &Path) -> Command {
    let Some(namespace) = namespace else {
        return Command::new(program);
    };
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]).arg(program);
    command
}

fn ip(words: &[&str]) -> Result<String, String> {
    run(Command::new("ip").args(words))
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
