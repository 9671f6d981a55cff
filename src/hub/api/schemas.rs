//! Names on the wire, for the API document: all are strings with a pattern.

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::protocol::hub::Role;
use crate::protocol::id::MAX_ID;
use crate::protocol::{Cid, ParticipantId, UserId};

macro_rules! named {
    ($type:ty, $description:literal, $pattern:literal, $longest:expr, $example:literal) => {
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let schema = ObjectBuilder::new().schema_type(Type::String).description(Some($description));
                let schema = schema.pattern(Some($pattern)).max_length(Some($longest)).examples([$example]);
                schema.into()
            }
        }

        impl ToSchema for $type {}
    };
}

named!(Cid, "A call: `type:id`.", "^[A-Za-z0-9_-]+:[A-Za-z0-9._-]+$", 2 * MAX_ID + 1, "default:lobby");
named!(UserId, "A user; an email-like address is allowed.", "^[A-Za-z0-9._@+-]+$", MAX_ID, "anna@example.org");
named!(ParticipantId, "One client in one call.", "^[A-Za-z0-9_-]+$", MAX_ID, "front-door");
named!(Role, "A role; underscores are read as hyphens.", "^[A-Za-z0-9_-]+$", MAX_ID, "call-member");
