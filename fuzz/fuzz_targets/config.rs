#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| callbox::hostile::config(bytes));
