//! A real Chromium, driven by its own ChromeDriver.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;

use super::{Hub, PASSWORD, Process, eventually, secs};

/// What the browser takes for camera and microphone.
#[derive(Default)]
pub struct Fake {
    /// Y4M; none: Chromium's green picture with a moving pie and a timer.
    pub video: Option<PathBuf>,
    /// WAV; none: Chromium's beeps.
    pub audio: Option<PathBuf>,
    /// Refuse the permission.
    pub denied: bool,
    /// A phone: 390x844, touch, three device pixels per pixel.
    pub phone: bool,
    /// A small phone: 360x740.
    pub small: bool,
    /// Prefers dark pages; headless, Chromium prefers light ones.
    pub dark: bool,
    /// Another name for 127.0.0.1.
    pub host: Option<String>,
    /// Two cameras.
    pub two_cameras: bool,
}

/// A running browser with one page.
pub struct Browser {
    /// Everything else that WebDriver can do.
    pub driver: WebDriver,
    process: Process,
    _profile: TempDir,
}

impl Browser {
    /// With a profile of its own.
    pub async fn start(fake: Fake) -> Self {
        let profile = tempfile::tempdir().unwrap();
        // its own TMPDIR as well: what Chromium leaves there goes with the profile
        let mut process =
            Process::start("chromedriver", Command::new("chromedriver").arg("--port=0").env("TMPDIR", profile.path()));
        let line = process.wait_for_line("successfully on port", secs(20));
        let port: u16 = line.rsplit(' ').next().unwrap().trim_end_matches('.').parse().unwrap();
        let mut capabilities = DesiredCapabilities::chrome();
        for flag in flags(&fake, profile.path()) {
            capabilities.add_arg(&flag).unwrap();
        }
        capabilities.accept_insecure_certs(true).unwrap();
        if fake.phone || fake.small {
            let (width, height) = if fake.small { (360, 740) } else { (390, 844) };
            let metrics =
                json!({"deviceMetrics": {"width": width, "height": height, "pixelRatio": 3.0, "touch": true, "mobile": true}});
            capabilities.add_experimental_option("mobileEmulation", metrics).unwrap();
        }
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await.unwrap();
        driver.set_script_timeout(secs(30)).await.unwrap();
        Self { driver, process, _profile: profile }
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// Straight into a call, by the deep link of `make demo`.
    pub async fn join(&self, hub: &Hub, user: &str, call: &str) {
        self.open(&deep_link(hub, user, call)).await;
        self.in_call().await;
    }

    /// Waits until the page is in the call.
    pub async fn in_call(&self) {
        eventually(secs(20), "the page is in the call", async || {
            match self.js::<Option<String>>("callbox?.call?.state.state").await {
                Some(state) if state == "joined" => Ok(()),
                state => Err((state, self.js::<String>("document.body.innerText").await)),
            }
        })
        .await;
    }

    /// The value of an expression.
    pub async fn js<T: DeserializeOwned>(&self, expression: &str) -> T {
        let script = format!("const callbox = globalThis.callbox; return ({expression});");
        let answer = self.driver.execute(&script, Vec::<Value>::new()).await;
        let value = answer.unwrap_or_else(|e| panic!("{expression}: {e}"));
        value.convert().unwrap_or_else(|e| panic!("{expression}: {e}"))
    }

    /// The value that a promise comes to; in `body`, use `await` and `return`.
    pub async fn js_async<T: DeserializeOwned>(&self, body: &str) -> T {
        let script = format!(
            "const done = arguments[arguments.length - 1];\
             (async () => {{ {body} }})().then((value) => done({{ value: value ?? null }}), (e) => done({{ error: String(e.stack ?? e) }}));"
        );
        let answer = self.driver.execute_async(&script, Vec::<Value>::new()).await.unwrap_or_else(|e| panic!("{body}: {e}"));
        if let Some(error) = answer.json().get("error") {
            panic!("{body}: {error}");
        }
        serde_json::from_value(answer.json()["value"].clone()).unwrap_or_else(|e| panic!("{body}: {e}"))
    }

    /// The same, with the SDK loaded (`Client`, `CallboxError`) and `signedIn(user)`, which gives a client.
    pub async fn sdk<T: DeserializeOwned>(&self, body: &str) -> T {
        let prelude = format!(
            "const {{ Client, CallboxError }} = await import('/callbox.js');\
             const signedIn = async (user) => {{ const client = new Client(); await client.signIn(user, {PASSWORD:?}); return client; }};\
             const soon = async (what, condition) => {{ for (let i = 0; i < 200; i++) {{ if (await condition()) return; \
               await new Promise((resolve) => setTimeout(resolve, 50)); }} throw new Error('not soon: ' + what); }};"
        );
        self.js_async(&format!("{prelude}{body}")).await
    }

    /// Clicks what has this id.
    pub async fn click(&self, id: &str) {
        self.driver.find(By::Id(id)).await.unwrap().click().await.unwrap();
    }

    /// Types into what has this id.
    pub async fn type_into(&self, id: &str, text: &str) {
        let field = self.driver.find(By::Id(id)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// What the element with this id says to a person; none while it is hidden.
    pub async fn text(&self, id: &str) -> Option<String> {
        self.js(&format!("(e => e && e.checkVisibility() ? e.innerText : null)(document.getElementById({id:?}))")).await
    }

    /// Saves a picture of the page under `TEST_SHOTS`, if that is set.
    pub async fn shot(&self, name: &str) {
        let Some(directory) = std::env::var_os("TEST_SHOTS") else { return };
        std::fs::create_dir_all(&directory).unwrap();
        self.driver.screenshot(&Path::new(&directory).join(format!("{name}.png"))).await.unwrap();
    }

    /// The driver's process; the browser's are its descendants.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// `kill -9` for the browser and all its processes, as if the machine had lost its power.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.process.kill();
        let _ = self.driver.clone().leak(); // the session went with its processes: there is nobody to say goodbye to
    }
}

/// `/?call=…&join=1#user=…&password=…`
pub fn deep_link(hub: &Hub, user: &str, call: &str) -> String {
    format!("{}/?call={call}&join=1#user={user}&password={}", hub.url, PASSWORD.replace(' ', "%20"))
}

fn flags(fake: &Fake, profile: &Path) -> Vec<String> {
    let mut flags: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1280,800",
    ]
    .map(str::to_owned)
    .into();
    let count = if fake.two_cameras { 2 } else { 1 };
    flags.push(format!("--use-fake-device-for-media-stream=device-count={count}"));
    flags.push(match fake.denied {
        true => "--deny-permission-prompts".to_owned(),
        false => "--use-fake-ui-for-media-stream".to_owned(),
    });
    flags.extend(fake.dark.then(|| "--blink-settings=preferredColorScheme=0".to_owned()));
    flags.push(format!("--user-data-dir={}", profile.join("profile").display()));
    flags.extend(fake.host.iter().map(|host| format!("--host-resolver-rules=MAP {host} 127.0.0.1")));
    flags.extend(fake.video.iter().map(|file| format!("--use-file-for-fake-video-capture={}", file.display())));
    flags.extend(fake.audio.iter().map(|file| format!("--use-file-for-fake-audio-capture={}", file.display())));
    flags
}
