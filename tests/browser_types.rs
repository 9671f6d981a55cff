//! The TypeScript declarations: they hold for the snippets of the seeds, refuse what is wrong, and name what is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::process::Command;

use support::{Browser, Fake, Hub};

const FILES: [(&str, &str); 2] = [
    ("callbox.d.ts", include_str!("../src/hub/page/callbox.d.ts")),
    ("sdk/wire.d.ts", include_str!("../src/hub/page/sdk/wire.d.ts")),
];
const USE: &str = include_str!("seeds/use.ts");

/// What TypeScript says of this program; none where there is no TypeScript.
fn tsc(program: &str) -> Option<String> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("sdk")).unwrap();
    for (name, text) in FILES {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    std::fs::write(directory.path().join("use.ts"), program).unwrap();
    let mut command = Command::new("tsc");
    command.args(["--noEmit", "--strict", "--target", "es2022", "--module", "es2022", "--lib", "es2022,dom", "use.ts"]);
    let Ok(output) = command.current_dir(directory.path()).output() else {
        eprintln!("skipped: there is no tsc here; `scripts/install test` brings it");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_snippets_are_well_typed() {
    let Some(said) = tsc(USE) else { return };
    assert!(said.is_empty(), "{said}");
}

#[test]
fn what_is_wrong_is_refused() {
    let wrong = |line: &str| {
        let program = format!(
            "import {{ Client }} from './callbox.js';\nconst client = new Client();\nconst call = client.call('default', 'x');\n{line}\n"
        );
        tsc(&program)
    };
    for line in [
        "call.join({ creat: true });",
        "call.updateCallMembers({ update_members: [{ role: 'admin' }] });",
        "call.update({ settings_override: { video: { camera_default_on: 'yes' } } });",
        "call.on('participantJoind', () => {});",
        "call.setMaxBandwidth('256');",
        "call.state.may('fly');",
    ] {
        if let Some(said) = wrong(line) {
            assert!(said.contains("error TS"), "{line} passed");
        }
    }
}

/// `readonly name`, `name(` and `name<` of every class in the declarations.
fn declared(class: &str) -> Vec<String> {
    let (_, text) = FILES[0];
    let body = text.split(&format!("export declare class {class} ")).nth(1).unwrap().split("\n}").next().unwrap();
    let lines = body.lines().skip(1).map(str::trim).filter(|line| !line.starts_with("/**") && !line.starts_with("constructor"));
    lines.map(|line| line.trim_start_matches("readonly ").split([':', '(', '<', '?']).next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_declared_is_there() {
    let hub = Hub::start();
    let page = Browser::start(Fake::default()).await;
    page.open(&format!("{}/style.css", hub.url)).await;
    for (class, object) in [
        ("Client", "client"),
        ("Call", "call"),
        ("CallState", "call.state"),
        ("Device", "call.camera"),
        ("Speaker", "call.speaker"),
        ("ScreenShare", "call.screenShare"),
        ("Participant", "call.state.localParticipant"),
    ] {
        let names = declared(class);
        assert!(names.len() > 4, "{class}: {names:?}");
        let missing: Vec<String> = page
            .sdk(&format!(
                "const client = await signedIn('anna'); const call = client.call('default', 'types'); await call.join({{ create: true }});\
                 const missing = {names:?}.filter((name) => !(name in {object})); await client.signOut(); return missing;"
            ))
            .await;
        assert_eq!(missing, Vec::<String>::new(), "{class}");
    }
    let exported: Vec<String> = page.sdk("return Object.keys(await import('/callbox.js'));").await;
    let declarations = FILES.map(|(_, text)| text).join("\n");
    for name in exported {
        let found =
            ["class", "const", "function"].iter().any(|kind| declarations.contains(&format!("export declare {kind} {name}")));
        assert!(found, "{name} is not declared");
    }
}
