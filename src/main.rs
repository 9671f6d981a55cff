//! `callbox`: parse, dispatch, exit code.

fn main() {}
