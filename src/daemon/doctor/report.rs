//! One file to attach to a ticket: text, or HTML with the picture in it. It refers to nothing outside.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::judge::date;
use crate::media::Png;
use crate::protocol::control::{CheckResult, Checkup, Verdict};

/// Something about this machine: what, and how it is.
pub type Fact = (&'static str, String);

/// What is known of this machine without asking anybody.
pub fn facts() -> Vec<Fact> {
    let read = |path: &str| {
        std::fs::read_to_string(path).ok().map(|text| text.trim_matches(|c: char| c.is_control() || c == ' ').to_owned())
    };
    let system = read("/etc/os-release").and_then(|text| {
        let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
        Some(name.trim_matches('"').to_owned())
    });
    let memory = read("/proc/meminfo").and_then(|text| {
        let kilobytes: u64 =
            text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(format!("{} MB", kilobytes / 1000))
    });
    let up = read("/proc/uptime").and_then(|text| {
        let seconds: f64 = text.split(' ').next()?.parse().ok()?;
        Some(humantime::format_duration(std::time::Duration::from_secs(seconds as u64 / 60 * 60)).to_string())
    });
    let board = read("/proc/device-tree/model").or_else(|| read("/sys/class/dmi/id/product_name"));
    let all = [
        ("board", board),
        ("system", system),
        ("kernel", read("/proc/sys/kernel/osrelease").map(|release| format!("{release} {}", std::env::consts::ARCH))),
        ("processors", std::thread::available_parallelism().ok().map(|count| count.to_string())),
        ("memory", memory),
        ("switched on for", up),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).filter(|(_, value)| !value.is_empty()).collect()
}

/// As text. `more` are further parts: a title, and what is below it.
pub fn text(checkup: &Checkup, facts: &[Fact], more: &[(&str, String)]) -> String {
    let mut out = format!("callbox doctor, {}\n\n", date(checkup.began as i64));
    for (name, value) in [("version", checkup.version.clone())].iter().chain(facts) {
        let _ = writeln!(out, "{name:<16} {value}");
    }
    let _ = writeln!(out, "\n{}\n", summary(checkup));
    for check in &checkup.checks {
        let _ = writeln!(out, "{:<8} {:<12} {}", check.verdict.as_str(), check.name, check.found);
        for line in check.advice.iter().map(|advice| format!("-> {advice}")).chain(check.details.iter().cloned()) {
            let _ = writeln!(out, "{:22}{line}", "");
        }
    }
    for (title, part) in more {
        let _ = writeln!(out, "\n{title}\n\n{}", part.trim_end());
    }
    out
}

/// How many went how.
pub fn summary(checkup: &Checkup) -> String {
    let count = |verdict| checkup.checks.iter().filter(|check| check.verdict == verdict).count();
    let said = [
        (count(Verdict::Fail), "failed"),
        (count(Verdict::Warn), "with a warning"),
        (count(Verdict::Pass), "passed"),
        (count(Verdict::Skipped), "skipped"),
    ];
    let said: Vec<String> = said.into_iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{count} {how}")).collect();
    format!("{}, after {:.0} s", said.join(", "), checkup.took_ms as f64 / 1000.0)
}

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;width:100%}td{padding:.4rem .6rem;vertical-align:top;border-bottom:1px solid #8884}\
td:first-child{width:5rem}td:nth-child(2){width:8rem;font-weight:600}.v{padding:.1rem .5rem;border-radius:.3rem;color:#fff}\
.pass{background:#1a7f37}.warn{background:#9a6700}.fail{background:#cf222e}.skipped{background:#6e7781}\
.a{margin:.2rem 0}.d{margin:0;opacity:.75;font-size:.9rem}pre{overflow:auto;font-size:.85rem}img{max-width:100%;height:auto}";

/// As one HTML file.
pub fn html(checkup: &Checkup, facts: &[Fact], more: &[(&str, String)], picture: Option<&Png>) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">",
    );
    let _ = writeln!(out, "<title>callbox doctor: {}</title><style>{STYLE}</style>", checkup.verdict.as_str());
    let _ = write!(out, "<h1>callbox doctor</h1><p>{}: {}</p>\n<table>", date(checkup.began as i64), escaped(&summary(checkup)));
    checkup.checks.iter().for_each(|check| row(&mut out, check));
    out.push_str("</table>\n<h2>This machine</h2><table>");
    for (name, value) in [("version", checkup.version.clone())].iter().chain(facts) {
        let _ = writeln!(out, "<tr><td>{name}<td>{}", escaped(value));
    }
    out.push_str("</table>\n");
    if let Some(picture) = picture {
        let Png { width, height, bytes } = picture;
        let data = BASE64.encode(bytes);
        let _ = writeln!(
            out,
            "<h2>What the camera sees</h2><img width=\"{width}\" height=\"{height}\" alt=\"\" src=\"data:image/png;base64,{data}\">"
        );
    }
    for (title, part) in more {
        let _ = writeln!(out, "<h2>{}</h2><pre>{}</pre>", escaped(title), escaped(part.trim_end()));
    }
    out
}

fn row(out: &mut String, check: &CheckResult) {
    let verdict = check.verdict.as_str();
    let _ = write!(
        out,
        "<tr><td><span class=\"v {verdict}\">{verdict}</span><td>{}<td>{}",
        escaped(&check.name),
        escaped(&check.found)
    );
    if let Some(advice) = &check.advice {
        let _ = write!(out, "<p class=\"a\">&rarr; {}</p>", escaped(advice));
    }
    for line in &check.details {
        let _ = write!(out, "<p class=\"d\">{}</p>", escaped(line));
    }
    out.push('\n');
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkup() -> Checkup {
        let check = |name: &str, verdict, found: &str, advice: Option<&str>| CheckResult {
            name: name.to_owned(),
            verdict,
            found: found.to_owned(),
            advice: advice.map(str::to_owned),
            details: vec!["more <b>".to_owned()],
            figures: Default::default(),
            took_ms: 12,
        };
        let checks = vec![
            check("hub", Verdict::Pass, "it answers", None),
            check("camera", Verdict::Fail, "<script>alert(1)</script> & co", Some("plug it in")),
        ];
        Checkup { version: "callbox/0".into(), began: 1_795_300_200, took_ms: 8400, verdict: Verdict::Fail, checks }
    }

    #[test]
    fn the_text_says_what_failed_and_what_to_do() {
        let text = text(&checkup(), &[("board", "A board".into())], &[("Devices", "cameras: none\n".into())]);
        for part in [
            "2026-11-21 22:30 UTC",
            "1 failed, 1 passed, after 8 s",
            "fail     camera",
            "-> plug it in",
            "A board",
            "cameras: none",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn nothing_that_was_found_becomes_markup_and_nothing_is_outside() {
        let png = Png { bytes: vec![1, 2, 3], width: 4, height: 3 };
        let html = html(&checkup(), &[("board", "<board>".into())], &[("Devices", "a < b".into())], Some(&png));
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script") && !html.contains("<board>") && !html.contains("<b>"));
        assert!(html.contains("data:image/png;base64,AQID") && !html.contains("http"));
        assert!(html.contains("class=\"v fail\">fail</span><td>camera"));
    }
}
