//! What clients may do, at random.

use proptest::prelude::*;

pub const SESSIONS: u64 = 8;
/// Two sessions of each user.
pub const USERS: u64 = SESSIONS / 2;

#[derive(Debug, Clone)]
pub enum Op {
    Get(u64, u8),
    Create { session: u64, call: u8, ring: bool, backstage: bool, first: bool },
    Join { session: u64, call: u8, create: bool, participation: Option<(u8, Option<u32>)> },
    Leave(u64, u8),
    Mute(u64, u8, bool),
    Signal(u64, u8, u8),
    Update(u64, u8, u8),
    Members { session: u64, call: u8, user: u64, add: bool },
    Permissions { session: u64, call: u8, user: u64, grant: bool, join: bool },
    Kick(u64, u8, u64),
    Block { session: u64, call: u8, user: u64, block: bool },
    MuteUsers(u64, u8),
    Ring(u64, u8),
    Accept(u64, u8),
    Reject(u64, u8),
    Cancel(u64, u8),
    End(u64, u8),
    Live { session: u64, call: u8, on: bool },
    Record { session: u64, call: u8, on: bool },
    Door(u64, u8),
    DoorSays { session: u64, call: u8, request: u64, state: u8 },
    Type { members_only: bool },
    Lost(u64),
    Back(u64),
    Ended(u64),
    Wait(u8),
    Restart,
}

pub fn op() -> impl Strategy<Value = Op> {
    let s = 0..SESSIONS;
    let c = 0..2u8;
    let user = 0..USERS;
    let flag = any::<bool>();
    let at = (s.clone(), c.clone());
    let participation = proptest::option::of((0..4u8, proptest::option::of(1..4u32)));
    prop_oneof![
        2 => at.clone().prop_map(|(s, c)| Op::Get(s, c)),
        3 => (s.clone(), c.clone(), flag, flag, flag)
            .prop_map(|(session, call, ring, backstage, first)| Op::Create { session, call, ring, backstage, first }),
        8 => (s.clone(), c.clone(), flag, participation)
            .prop_map(|(session, call, create, participation)| Op::Join { session, call, create, participation }),
        3 => at.clone().prop_map(|(s, c)| Op::Leave(s, c)),
        2 => (s.clone(), c.clone(), flag).prop_map(|(s, c, on)| Op::Mute(s, c, on)),
        1 => (s.clone(), c.clone(), 0..4u8).prop_map(|(s, c, to)| Op::Signal(s, c, to)),
        2 => (s.clone(), c.clone(), 0..4u8).prop_map(|(s, c, what)| Op::Update(s, c, what)),
        3 => (s.clone(), c.clone(), user.clone(), flag).prop_map(|(session, call, user, add)| Op::Members { session, call, user, add }),
        2 => (s.clone(), c.clone(), user.clone(), flag, flag)
            .prop_map(|(session, call, user, grant, join)| Op::Permissions { session, call, user, grant, join }),
        1 => (s.clone(), c.clone(), user.clone()).prop_map(|(s, c, u)| Op::Kick(s, c, u)),
        2 => (s.clone(), c.clone(), user, flag).prop_map(|(session, call, user, block)| Op::Block { session, call, user, block }),
        1 => at.clone().prop_map(|(s, c)| Op::MuteUsers(s, c)),
        4 => at.clone().prop_map(|(s, c)| Op::Ring(s, c)),
        4 => at.clone().prop_map(|(s, c)| Op::Accept(s, c)),
        2 => at.clone().prop_map(|(s, c)| Op::Reject(s, c)),
        1 => at.clone().prop_map(|(s, c)| Op::Cancel(s, c)),
        1 => at.prop_map(|(s, c)| Op::End(s, c)),
        2 => (s.clone(), c.clone(), flag).prop_map(|(session, call, on)| Op::Live { session, call, on }),
        1 => (s.clone(), c, flag).prop_map(|(session, call, on)| Op::Record { session, call, on }),
        2 => (0..SESSIONS, 0..2u8).prop_map(|(s, c)| Op::Door(s, c)),
        2 => (0..SESSIONS, 0..2u8, 1..6u64, 0..3u8)
            .prop_map(|(session, call, request, state)| Op::DoorSays { session, call, request, state }),
        1 => flag.prop_map(|members_only| Op::Type { members_only }),
        3 => s.clone().prop_map(Op::Lost),
        3 => s.clone().prop_map(Op::Back),
        1 => s.prop_map(Op::Ended),
        2 => (1..20u8).prop_map(Op::Wait),
        1 => Just(Op::Restart),
    ]
}
