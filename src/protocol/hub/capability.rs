//! What a user may do in a call (G+5).

use serde::{Deserialize, Serialize};

macro_rules! capabilities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// One thing a user may be allowed to do in a call. The names are those of the seeds' field (`OwnCapability`), and `open-door`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
        pub enum Capability {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Capability {
            /// All of them, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

capabilities! {
    /// Create a call of this type.
    CreateCall = "create-call",
    /// Load a call and follow it.
    ReadCall = "read-call",
    /// Join, ring, and answer a ring.
    JoinCall = "join-call",
    /// Join while the call is not live (G34).
    JoinBackstage = "join-backstage",
    /// Join an ended call (G16).
    JoinEndedCall = "join-ended-call",
    /// End it for everyone (G15).
    EndCall = "end-call",
    /// Change custom data and start time, go live and stop.
    UpdateCall = "update-call",
    /// Override its settings (G32).
    UpdateCallSettings = "update-call-settings",
    /// Add and change members.
    UpdateCallMember = "update-call-member",
    /// Remove members.
    RemoveCallMember = "remove-call-member",
    /// Grant and revoke capabilities of one user in this call.
    UpdateCallPermissions = "update-call-permissions",
    /// Keep a user out, and let back in.
    BlockUsers = "block-users",
    /// Put a user out.
    KickUser = "kick-user",
    /// Switch off others' microphones and cameras.
    MuteUsers = "mute-users",
    /// Be heard.
    SendAudio = "send-audio",
    /// Be seen.
    SendVideo = "send-video",
    /// Show the screen.
    Screenshare = "screenshare",
    /// Begin a recording.
    StartRecordCall = "start-record-call",
    /// End a recording.
    StopRecordCall = "stop-record-call",
    /// Work an appliance's door opener.
    OpenDoor = "open-door",
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Capability {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|capability| capability.name() == text);
        known.copied().ok_or_else(|| format!("there is no capability `{}`", text.chars().take(64).collect::<String>()))
    }
}
