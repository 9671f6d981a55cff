//! STUN and TURN servers, of the hub and of the configuration, by each way that they name.

use std::time::Duration;

use futures_util::future::join_all;

use super::sign_in::signed_in;
use crate::config::Secret;
use crate::daemon::doctor::judge::{self, Finding, Helper, Outcome};
use crate::daemon::doctor::patient::Patient;
use crate::media::stun::{self, Way};
use crate::protocol::{IceKind, IceUrl};
use crate::signaling::examine;

/// As many as a call looks at.
const MOST: usize = 16;
const LOOKUP: Duration = Duration::from_secs(5);

struct Server {
    url: IceUrl,
    of_hub: bool,
    /// User and password, or why there is none.
    login: Result<(String, Secret), String>,
}

/// In the order of [`Patient::helpers`].
const KINDS: [IceKind; 4] = [IceKind::Stun, IceKind::TurnUdp, IceKind::TurnTcp, IceKind::TurnTls];

/// One transport.
pub async fn check(patient: &Patient, kind: IceKind) -> Finding {
    let here = asked(patient, kind).await;
    if here.is_empty() && signed_in(patient).await.is_err() {
        return Finding::skipped("the hub names these servers, and it is not reached");
    }
    // Only a failure depends on the others.
    let works = |list: &[Helper]| list.iter().any(|one| matches!(one.outcome, Outcome::Works { .. }));
    let mut other_way = false;
    if kind != IceKind::Stun && !works(here) {
        for other in KINDS.into_iter().filter(|other| *other != kind && *other != IceKind::Stun) {
            other_way = other_way || works(asked(patient, other).await);
        }
    }
    judge::helpers(kind, here, other_way, patient.config.network.relay_only)
}

/// All of that kind, once, whoever wants to know.
async fn asked(patient: &Patient, kind: IceKind) -> &[Helper] {
    let place = KINDS.iter().position(|one| *one == kind).unwrap_or_default();
    let ask_all = || async {
        let hub = signed_in(patient).await;
        let servers = servers(patient, hub.as_ref().map(|(servers, _)| servers).ok());
        join_all(servers.iter().filter(|server| server.url.kind == kind).take(MOST).map(|server| ask(patient, server))).await
    };
    patient.helpers[place].get_or_init(ask_all).await
}

fn servers(patient: &Patient, hub: Option<&crate::protocol::hub::IceServers>) -> Vec<Server> {
    let network = &patient.config.network;
    let none = || Err(String::new());
    let mut all: Vec<Server> =
        network.stun_servers.iter().map(|url| Server { url: url.clone(), of_hub: false, login: none() }).collect();
    all.extend(network.turn_servers.iter().map(|server| {
        let password = std::fs::read_to_string(&server.password_file);
        let login = match password {
            Ok(text) => Ok((server.user.clone(), Secret::new(text.lines().next().unwrap_or_default()))),
            Err(error) => Err(format!("cannot read {}: {error}", server.password_file.display())),
        };
        Server { url: server.url.clone(), of_hub: false, login }
    }));
    let named = hub.into_iter().flat_map(|hub| &hub.servers).flat_map(|server| server.urls.iter().map(move |url| (server, url)));
    all.extend(named.take(MOST).filter_map(|(server, url)| {
        let login = match (&server.username, &server.credential) {
            (Some(user), Some(credential)) => Ok((user.clone(), Secret::new(credential))),
            (_, _) => Err("the hub gives no credentials for it".to_owned()),
        };
        Some(Server { url: url.parse().ok()?, of_hub: true, login })
    }));
    all
}

async fn ask(patient: &Patient, server: &Server) -> Helper {
    let outcome = match way(patient, &server.url).await {
        Err(outcome) => outcome,
        Ok(mut way) if server.url.kind == IceKind::Stun => match stun::binding(&mut way).await {
            Ok(granted) => Outcome::Works { said: format!("sees us as {}", granted.address.ip()), took: granted.took },
            Err(error) => refused(&error),
        },
        Ok(mut way) => match &server.login {
            Err(why) => Outcome::Credentials(why.clone()),
            Ok((user, password)) => match stun::allocate(&mut way, user, password.reveal()).await {
                Ok(granted) => Outcome::Works { said: format!("relays by {}", granted.address.ip()), took: granted.took },
                Err(error) => refused(&error),
            },
        },
    };
    Helper { url: server.url.to_string(), of_hub: server.of_hub, outcome }
}

fn refused(error: &stun::Error) -> Outcome {
    match error {
        stun::Error::Credentials { .. } => Outcome::Credentials(error.to_string()),
        stun::Error::Refused { .. } => Outcome::Refuses(error.to_string()),
        stun::Error::Unreachable(_) | stun::Error::Silent | stun::Error::Strange(_) => Outcome::Silent(error.to_string()),
    }
}

async fn way(patient: &Patient, url: &IceUrl) -> Result<Way, Outcome> {
    if url.kind == IceKind::TurnTls {
        let stream = examine::reach_tls(&url.host, url.port, &patient.config.hub.trust).await;
        return match stream {
            Ok(stream) => Ok(Way::Stream(Box::new(stream))),
            Err(why) if why.contains("certificate") => Err(Outcome::Certificate(why)),
            Err(why) => Err(Outcome::Silent(format!("is not reached: {why}"))),
        };
    }
    let found = tokio::time::timeout(LOOKUP, tokio::net::lookup_host((url.host.as_str(), url.port))).await;
    let address = match found {
        Ok(Ok(mut addresses)) => addresses.next().ok_or_else(|| "has a name without an address".to_owned()),
        Ok(Err(error)) => Err(format!("is not found: {error}")),
        Err(_) => Err("is not found: the name server does not answer".to_owned()),
    };
    let address = address.map_err(Outcome::Silent)?;
    let way = match url.kind {
        IceKind::Stun | IceKind::TurnUdp => Way::udp(address).await,
        IceKind::TurnTcp | IceKind::TurnTls => Way::tcp(address).await,
    };
    way.map_err(|error| refused(&error))
}
