//! `callbox`: parse, dispatch, exit code.

fn main() -> std::process::ExitCode {
    callbox::cli::main()
}
