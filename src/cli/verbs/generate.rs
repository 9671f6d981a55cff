//! The verbs that write what comes with a program.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

/// The help below `callbox generate`.
pub const GENERATE_EXAMPLES: &str = "\
Examples:
  callbox generate completion bash > /usr/share/bash-completion/completions/callbox
  callbox generate completion zsh > /usr/share/zsh/vendor-completions/_callbox
  callbox generate completion fish > /usr/share/fish/vendor_completions.d/callbox.fish
  callbox generate man /usr/share/man/man1";

/// `callbox generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// What to write.
    #[command(subcommand)]
    pub what: Generated,
}

/// What can be written.
#[derive(Debug, Subcommand)]
pub enum Generated {
    /// What completes commands in a shell, to stdout
    Completion {
        /// For which shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// A man page for each command, into a directory
    Man {
        /// Where to; it is made if it is not there
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}
