//! The driver with a store that a test can slow down and break.
#![allow(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::calls::{Calls, Limits, Request, SessionId};
use super::driver::{Driver, Handle, Message, load};
use super::persist::Persist;
use super::sessions::{Out, Outbox, Sessions};
use super::store::{Entry, Error, Store, Write, Writer};
use crate::protocol::UserId;
use crate::protocol::hub::{ClientInfo, ClientKind, JoinCall, User};
use crate::protocol::rpc::{self, ErrorKind, Id};

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
    let (records, revisions) = load(store).unwrap();
    let calls = Calls::new(limits, super::calls::Types::default(), records, Instant::now());
    let persist = Persist::new(Writer::start(store.clone()).unwrap(), revisions);
    Driver::new(calls, Sessions::new(GRACE), persist, GRACE).start()
}

struct Client {
    driver: Handle,
    session: SessionId,
    outbox: Outbox,
}

impl Client {
    async fn open(driver: &Handle) -> Self {
        let outbox = Outbox::default();
        let user = User { name: "Anna".into(), ..User::new(UserId::new("anna").unwrap()) };
        let client = ClientInfo { kind: ClientKind::Browser, version: "test".into() };
        let (opened, session) = oneshot::channel();
        let message = Message::Open { request: Id::Number(0), user, client, resume: None, outbox: outbox.clone(), opened };
        driver.send(message).await.unwrap();
        let client = Self { driver: driver.clone(), session: session.await.unwrap(), outbox };
        client.answer().await.unwrap();
        client
    }

    async fn join(&self, call: &str) {
        let (kind, id) = ("default".to_owned(), call.to_owned());
        let what = Request::Join(JoinCall { kind, id, create: true, data: None, participation: None, custom: Value::Null });
        let (session, outbox) = (self.session, self.outbox.clone());
        self.driver.send(Message::Asked { session, outbox, request: Some(Id::Number(1)), what }).await.unwrap();
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
    let (records, revisions) = load(&store).unwrap();
    assert_eq!((records.len(), revisions.len(), records[0].call.participants.len()), (1, 1, 1));
}
