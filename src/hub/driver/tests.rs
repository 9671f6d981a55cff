//! The driver with a store that a test can slow down and break.
#![allow(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex};

use serde_json::Value;
use tokio::time::timeout;

use super::super::calls::{Limits, Request, Types};
use super::super::sessions::Out;
use super::super::store::{Entry, Error, Store, Write, Writer};
use super::super::tokens::Times;
use super::*;
use crate::protocol::UserId;
use crate::protocol::hub::{ClientInfo, ClientKind, GetCall, JoinCall, Role, User};

const GRACE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disk {
    Good,
    Stuck,
    Full,
}

type State = (Disk, BTreeMap<String, Entry>);

/// A store in memory. While the disk is stuck, writes wait; while it is full, they fail.
#[derive(Debug, Clone)]
struct Fake(Arc<(Mutex<State>, Condvar)>);

impl Fake {
    fn new(disk: Disk) -> Self {
        Self(Arc::new((Mutex::new((disk, BTreeMap::new())), Condvar::new())))
    }

    fn becomes(&self, disk: Disk) {
        self.0.0.lock().unwrap().0 = disk;
        self.0.1.notify_all();
    }
}

impl Store for Fake {
    fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        Ok(self.0.0.lock().unwrap().1.get(key).cloned())
    }

    fn put_if_revision(&self, writes: &[Write]) -> Result<Vec<u64>, Error> {
        let mut state = self.0.1.wait_while(self.0.0.lock().unwrap(), |(disk, _)| *disk == Disk::Stuck).unwrap();
        if state.0 == Disk::Full {
            return Err(Error::Engine(redb::Error::Io(std::io::Error::from(std::io::ErrorKind::StorageFull))));
        }
        let revision = |entries: &BTreeMap<String, Entry>, key: &str| entries.get(key).map_or(0, |entry| entry.revision);
        if let Some(Write { key, expected, .. }) = writes.iter().find(|write| revision(&state.1, &write.key) != write.expected) {
            return Err(Error::Conflict { key: key.clone(), expected: *expected, found: revision(&state.1, key) });
        }
        for write in writes {
            state.1.insert(write.key.clone(), Entry { revision: write.expected + 1, value: write.value.clone() });
        }
        Ok(writes.iter().map(|write| write.expected + 1).collect())
    }

    fn list(&self, prefix: &str) -> Result<Vec<(String, Entry)>, Error> {
        let entries = self.0.0.lock().unwrap().1.clone();
        Ok(entries.into_iter().filter(|(key, _)| key.starts_with(prefix)).collect())
    }
}

fn start(store: &Fake) -> (Handle, tokio::task::JoinHandle<()>) {
    let limits = Limits { grace: GRACE, participants: 4, followed: 8, calls: 8, creations: 1000, rings: 1000 };
    let Loaded { calls, types, identities, revisions } = load(store, Types::default()).unwrap();
    let calls = Calls::new(limits, types, calls, Instant::now());
    let persist = Persist::new(Writer::start(store.clone()).unwrap(), revisions);
    Driver::new(calls, Sessions::new(GRACE, 8), Arc::new(Identities::new(identities)), persist, GRACE).start()
}

fn anna() -> User {
    User { name: "Anna".into(), ..User::new(UserId::new("anna").unwrap()) }
}

fn identity(issued_at: SystemTime) -> Identity {
    Identity { user: anna(), times: Times { issued_at, expires_at: issued_at + Duration::from_secs(3600) } }
}

async fn open(driver: &Handle, issued_at: SystemTime) -> (Result<SessionId, rpc::Error>, Outbox) {
    let outbox = Outbox::default();
    let client = ClientInfo { kind: ClientKind::Browser, version: "test".into() };
    let opening = Box::new(Opening { identity: identity(issued_at), client, services: None, resume: None });
    let (opened, session) = oneshot::channel();
    driver.send(Message::Open { request: Id::Number(0), opening, outbox: outbox.clone(), opened }).await.unwrap();
    (session.await.unwrap(), outbox)
}

/// Asks without a socket.
async fn rest(driver: &Handle, user: User, what: Ask) -> oneshot::Receiver<Result<Value, rpc::Error>> {
    let (reply, answer) = oneshot::channel();
    driver.send(Message::Asked { from: Door::Rest { user, reply }, what, method: "test" }).await.unwrap();
    answer
}

struct Client {
    driver: Handle,
    session: SessionId,
    outbox: Outbox,
}

impl Client {
    async fn open(driver: &Handle) -> Self {
        let (session, outbox) = open(driver, SystemTime::now()).await;
        let client = Self { driver: driver.clone(), session: session.unwrap(), outbox };
        client.answer().await.unwrap();
        client
    }

    async fn join(&self, call: &str) {
        let (kind, id) = ("default".to_owned(), call.to_owned());
        let what =
            Request::Join(JoinCall { kind, id, create: true, data: None, participation: None, custom: Value::Null, door: false });
        let from = Door::Socket { session: self.session, outbox: self.outbox.clone(), request: Some(Id::Number(1)) };
        self.driver.send(Message::Asked { from, what: Ask::Calls(Box::new(what)), method: "test" }).await.unwrap();
    }

    async fn answer(&self) -> Result<Value, rpc::Error> {
        loop {
            let Out::Text(text) = timeout(Duration::from_secs(20), self.outbox.next()).await.unwrap() else { panic!("closed") };
            if let rpc::Message::Response { outcome, .. } = rpc::Message::parse(&text.text).unwrap() {
                return outcome;
            }
        }
    }

    async fn is_waiting(&self) -> bool {
        // The driver takes one message after the other: when it has answered this one, it has taken the request before.
        let (reply, answer) = oneshot::channel();
        self.driver.send(Message::Health(reply)).await.unwrap();
        let stored = answer.await.unwrap().stored;
        !stored && timeout(Duration::from_millis(1), self.outbox.next()).await.is_err()
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_on_the_disk() {
    let store = Fake::new(Disk::Stuck);
    let (driver, _) = start(&store);
    let (anna, other) = (Client::open(&driver).await, Client::open(&driver).await);
    anna.join("lobby").await;
    assert!(anna.is_waiting().await);
    other.join("lobby").await;
    assert!(other.is_waiting().await, "nor is anything that builds on it");
    store.becomes(Disk::Good);
    anna.answer().await.unwrap();
    other.answer().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_and_a_disk_with_room_again_stores_all() {
    let store = Fake::new(Disk::Full);
    let (driver, driving) = start(&store);
    let anna = Client::open(&driver).await;
    anna.join("lobby").await;
    assert_eq!(anna.answer().await.unwrap_err().kind, ErrorKind::InternalError);
    store.becomes(Disk::Good);
    anna.join("other").await;
    anna.answer().await.unwrap();
    driver.send(Message::Shutdown).await.unwrap();
    driving.await.unwrap();
    let calls: Vec<_> = store.list("call/").unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(calls, ["call/default:lobby", "call/default:other"]);
}

#[tokio::test]
async fn at_the_end_sockets_are_closed_and_everything_is_stored() {
    let store = Fake::new(Disk::Stuck);
    let (driver, driving) = start(&store);
    let anna = Client::open(&driver).await;
    anna.join("lobby").await;
    assert!(anna.is_waiting().await);
    driver.send(Message::Shutdown).await.unwrap();
    assert!(matches!(anna.outbox.next().await, Out::Close(_)));
    store.becomes(Disk::Good);
    driving.await.unwrap();
    let Loaded { calls, revisions, .. } = load(&store, Types::default()).unwrap();
    assert_eq!((calls.len(), revisions.len(), calls[0].call.participants.len()), (1, 1, 1));
}

#[tokio::test]
async fn over_rest_as_well_nothing_is_acknowledged_before_it_is_on_the_disk() {
    let store = Fake::new(Disk::Stuck);
    let (driver, _) = start(&store);
    let create = || GetCall { kind: "default".into(), id: "lobby".into(), data: None };
    let made = Ask::Calls(Box::new(Request::GetOrCreate(create())));
    let read = Ask::Calls(Box::new(Request::Get(create())));
    let (mut made, mut read) = (rest(&driver, anna(), made).await, rest(&driver, anna(), read).await);
    let refused = rest(&driver, anna(), Ask::Revoke(anna().id)).await;
    assert_eq!(refused.await.unwrap().unwrap_err().kind, ErrorKind::PermissionDenied, "a refusal need not wait");
    assert!(made.try_recv().is_err() && read.try_recv().is_err());
    store.becomes(Disk::Full);
    assert_eq!(made.await.unwrap().unwrap_err().kind, ErrorKind::InternalError);
    assert_eq!(read.await.unwrap().unwrap_err().kind, ErrorKind::InternalError);
}

#[tokio::test]
async fn a_revocation_ends_sessions_is_stored_and_holds_for_tokens_that_were_looked_at_before() {
    let store = Fake::new(Disk::Good);
    let (driver, driving) = start(&store);
    let issued_at = SystemTime::now();
    let client = Client::open(&driver).await;
    let admin = User { role: Role::admin(), ..User::new(UserId::new("root").unwrap()) };
    rest(&driver, admin, Ask::Revoke(anna().id)).await.await.unwrap().unwrap();
    assert_eq!(client.outbox.next().await, Out::Close(crate::hub::sessions::Close::Revoked));
    assert_eq!(open(&driver, issued_at).await.0.unwrap_err().kind, ErrorKind::Unauthenticated);
    driver.send(Message::Shutdown).await.unwrap();
    driving.await.unwrap();
    let (driver, _) = start(&store);
    assert!(open(&driver, issued_at).await.0.is_err(), "after a restart as well");
    open(&driver, SystemTime::now() + Duration::from_secs(1)).await.0.unwrap();
}
