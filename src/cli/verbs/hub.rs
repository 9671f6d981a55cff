//! `callbox hub` and the verbs below it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::HowArgs;

/// `callbox hub`.
#[derive(Debug, Args)]
pub struct HubArgs {
    /// What to do instead of running the hub.
    #[command(subcommand)]
    pub verb: Option<HubVerb>,
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: HubConfigArgs,
    /// Listen here instead of where the configuration says; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<std::net::SocketAddr>,
}

/// Where the hub's configuration comes from.
#[derive(Debug, Clone, Args)]
pub struct HubConfigArgs {
    /// Read this file, and the drop-ins beside it
    #[arg(long, value_name = "FILE", default_value = "/etc/callbox/hub.toml")]
    pub config: PathBuf,
}

/// The verbs below `callbox hub`.
#[derive(Debug, Subcommand)]
pub enum HubVerb {
    /// Read a password and print its hash for hub.toml
    #[command(after_help = "Examples:\n  callbox hub passwd\n  callbox hub passwd < door-1.password")]
    Passwd,
    /// Make an access token without a password, for servers and scripts
    #[command(after_help = "Examples:\n  callbox hub token root --role admin\n  \
                            callbox hub token visitor-7 --team shop --expires 10min --key shop-2026 --key-file shop.pem")]
    Token(HubTokenArgs),
    /// Read hub.toml and say everything that is wrong with it, or `ok`
    Check(HubCheckArgs),
    /// Print what holds in the end, with all defaults, and who said so; without hashes of passwords
    Config(HubShowArgs),
}

/// `callbox hub check`.
#[derive(Debug, Args)]
pub struct HubCheckArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: HubConfigArgs,
    /// One JSON object with all problems
    #[arg(long)]
    pub json: bool,
}

/// `callbox hub config`.
#[derive(Debug, Args)]
pub struct HubShowArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: HubConfigArgs,
    /// How it is shown.
    #[command(flatten)]
    pub how: HowArgs,
}

/// `callbox hub token`.
#[derive(Debug, Args)]
pub struct HubTokenArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: HubConfigArgs,
    /// The user id
    #[arg(value_name = "USER")]
    pub user: crate::protocol::UserId,
    /// Shown to people, instead of what hub.toml says or the user id
    #[arg(long)]
    pub name: Option<String>,
    /// Instead of what hub.toml says, or `user`
    #[arg(long)]
    pub role: Option<crate::protocol::hub::Role>,
    /// Instead of what hub.toml says; may be given several times
    #[arg(long = "team", value_name = "TEAM")]
    pub teams: Vec<String>,
    /// How long it is good
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    pub expires: std::time::Duration,
    /// Sign with this [[token-key]] of hub.toml instead of the hub's own key
    #[arg(long, value_name = "ID")]
    pub key: Option<String>,
    /// The key's file, if it is not the one in hub.toml: for Ed25519 the private key
    #[arg(long, value_name = "FILE", requires = "key")]
    pub key_file: Option<PathBuf>,
}
