//! `callbox hub`: sessions by an integrator's tokens, calls of four.

use std::time::Instant;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::{Figures, RINGS, Socket, crowd, hear, keep, tell, websocket};
use crate::support::Hub;

const SECRET: &str = "a secret of more than thirty-two bytes";

fn token(user: &str) -> String {
    let header = Header { kid: Some("bench".into()), ..Header::new(Algorithm::HS256) };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({"iss": "bench", "aud": "callbox", "sub": user, "iat": now, "exp": now + 3600});
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

async fn ask(socket: &mut Socket, id: u64, method: &str, params: Value) -> Value {
    tell(socket, &json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
    let answer = hear(socket, |message| (message["id"] == json!(id)).then(|| message.clone())).await;
    assert!(answer["error"].is_null(), "{method}: {answer}");
    answer["result"].clone()
}

async fn client(url: String, user: String) -> Socket {
    let mut socket = websocket(&url, None).await;
    let client = json!({"kind": "browser", "version": "bench/1"});
    ask(&mut socket, 1, "session.open", json!({"access_token": token(&user), "client": client})).await;
    socket
}

pub async fn measure(clients: usize) -> Figures {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), SECRET).unwrap();
    let key = format!(
        "[[token-key]]\nid = \"bench\"\nissuer = \"bench\"\nalgorithm = \"HS256\"\nsecret-file = {:?}\nmax-lifetime = \"1day\"\n",
        secret.path()
    );
    let hub = Hub::with(&key);
    let url = format!("{}/v1/socket", hub.socket_url());
    let (sockets, per_mib) = crowd(&hub.process, clients, |n| {
        let url = url.clone();
        async move {
            let mut socket = client(url, format!("user-{n}")).await;
            let join = json!({"type": "default", "id": format!("call-{}", n / 4), "create": true});
            ask(&mut socket, 2, "call.join", join).await;
            socket
        }
    })
    .await;
    // Two who ring go through a crowd that stays as it is.
    let idle = keep(sockets).await;
    let mut callee = client(url.clone(), "callee".into()).await;
    let mut caller = client(url.clone(), "caller".into()).await;
    let mut rings = Vec::with_capacity(RINGS);
    for n in 0..RINGS {
        // A user may begin 30 rings a minute.
        if n % 25 == 0 {
            caller = client(url.clone(), format!("caller-{n}")).await;
        }
        let begun = Instant::now();
        let make = json!({"jsonrpc": "2.0", "id": 100 + n, "method": "call.make", "params": {"destination": "callee"}});
        tell(&mut caller, &make).await;
        let cid =
            hear(&mut callee, |message| (message["params"]["type"] == "call.ring").then(|| message["params"]["cid"].clone())).await;
        rings.push(begun.elapsed().as_secs_f64() * 1000.0);
        ask(&mut callee, 1000 + n as u64, "call.reject", json!({"cid": cid})).await;
    }
    idle.iter().for_each(tokio::task::JoinHandle::abort);
    Figures { per_mib, rings }
}
