//! A headless Chromium, controlled over the DevTools protocol: JSON through two pipes, which a shell connects to the
//! file descriptors that the browser expects, so that no WebSocket is needed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Chromium or Chrome of this machine; `CHROMIUM` names another.
///
/// # Errors
/// There is none.
pub fn find() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Ok(named.into());
    }
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "chrome",
    ];
    let places: Vec<PathBuf> =
        std::env::var_os("PATH").map_or_else(Vec::new, |path| std::env::split_paths(&path).collect());
    names
        .iter()
        .find_map(|name| places.iter().map(|p| p.join(name)).find(|p| p.is_file()))
        .ok_or_else(|| "there is no Chromium on this machine (CHROMIUM names one that is not on the PATH)".into())
}

/// A running browser; killed when dropped. Its methods panic where a test has failed: after a minute without an answer.
#[derive(Debug)]
pub struct Browser {
    process: Child,
    input: ChildStdin,
    output: Receiver<Value>,
    count: u64,
    /// Errors of pages: exceptions, console errors, violations of the security policy.
    complaints: Vec<String>,
}

/// A tab.
#[derive(Clone, Debug)]
pub struct Tab(String);

impl Browser {
    /// Starts a browser with its profile in a folder.
    pub fn start(program: &Path, profile: &Path) -> Self {
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>&2"])
            .arg(program)
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                "--no-first-run",
                "--disable-gpu",
                "--mute-audio",
            ])
            // Its sandbox needs privileges that containers do not have; it only opens our own page.
            .args([
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, output) = channel();
        let mut pipe = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while pipe.read_until(0, &mut message).is_ok_and(|n| n > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else {
                    break;
                };
                if sender.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let input = process.stdin.take().unwrap();
        Self {
            process,
            input,
            output,
            count: 0,
            complaints: Vec::new(),
        }
    }

    /// Sends a command, to a tab or to the browser, and waits for the result.
    pub fn command(&mut self, tab: Option<&Tab>, method: &str, parameters: Value) -> Value {
        self.count += 1;
        let id = self.count;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(Tab(session)) = tab {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let message = self
                .output
                .recv_timeout(left)
                .unwrap_or_else(|e| panic!("{method}: {e}"));
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            self.hear(&message);
        }
    }

    fn hear(&mut self, message: &Value) {
        let complains = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Log.entryAdded") => message["params"]["entry"]["level"] == "error",
            Some("Runtime.consoleAPICalled") => message["params"]["type"] == "error",
            _ => false,
        };
        if complains {
            self.complaints.push(message["params"].to_string());
        }
    }

    /// There were no errors except those that the test caused, each named by a part of its message.
    pub fn assert_content(&self, meant: &[&str]) {
        let left: Vec<_> = self
            .complaints
            .iter()
            .filter(|c| !meant.iter().any(|m| c.contains(m)))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// A tab of a size in CSS pixels; with `touch` a phone.
    pub fn tab(&mut self, width: u32, height: u32, touch: bool) -> Tab {
        let target = self.command(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let tab = Tab(self.command(None, "Target.attachToTarget", attach)["sessionId"]
            .as_str()
            .unwrap()
            .into());
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            self.command(Some(&tab), domain, json!({}));
        }
        let scale = if touch { 2 } else { 1 };
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": touch });
        self.command(Some(&tab), "Emulation.setDeviceMetricsOverride", metrics);
        self.command(
            Some(&tab),
            "Emulation.setTouchEmulationEnabled",
            json!({ "enabled": touch }),
        );
        tab
    }

    /// Opens an address and waits until the page is loaded.
    pub fn open(&mut self, tab: &Tab, url: &str) {
        self.command(Some(tab), "Page.navigate", json!({ "url": url }));
        self.wait(tab, "document.readyState === 'complete'");
    }

    /// The value of an expression in a page.
    pub fn value(&mut self, tab: &Tab, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let result = self.command(Some(tab), "Runtime.evaluate", parameters);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// The text of the element with an id.
    pub fn text(&mut self, tab: &Tab, id: &str) -> String {
        let text = self.value(tab, &format!("document.getElementById('{id}').innerText"));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression is true.
    pub fn wait(&mut self, tab: &Tab, expression: &str) {
        let until = Instant::now() + PATIENCE;
        while self.value(tab, expression) != true {
            assert!(Instant::now() < until, "waited in vain for {expression}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types text where the cursor is.
    pub fn write(&mut self, tab: &Tab, text: &str) {
        self.command(Some(tab), "Input.insertText", json!({ "text": text }));
    }

    /// Presses and releases a key.
    pub fn key(&mut self, tab: &Tab, key: &str) {
        let code = match key {
            "Enter" => 13,
            "End" => 35,
            "Home" => 36,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            other => other.bytes().next().map_or(0, |b| u32::from(b.to_ascii_uppercase())),
        };
        let mut event = json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code });
        if key == "Enter" {
            event["text"] = json!("\r");
        } else if key.chars().count() == 1 {
            event["text"] = json!(key);
        }
        self.command(Some(tab), "Input.dispatchKeyEvent", event.clone());
        event["type"] = json!("keyUp");
        event.as_object_mut().unwrap().remove("text");
        self.command(Some(tab), "Input.dispatchKeyEvent", event);
    }

    /// Scrolls to the element of a selector and clicks its center as a user would: it must be visible and not covered.
    pub fn click(&mut self, tab: &Tab, selector: &str) {
        let place = format!(
            "(() => {{ const e = document.querySelector(`{selector}`); e.scrollIntoView({{block: 'center', behavior: 'instant'}});
             const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
             const top = document.elementFromPoint(x, y);
             return e.contains(top) || top?.contains(e) ? [x, y] : `hidden behind ${{top?.outerHTML.slice(0, 80)}}`; }})()"
        );
        let place = self.value(tab, &place);
        assert!(place.is_array(), "{selector}: {place}");
        let at = [place[0].as_f64().unwrap(), place[1].as_f64().unwrap()];
        self.mouse(tab, "mousePressed", at, true);
        self.mouse(tab, "mouseReleased", at, false);
    }

    /// An event of the mouse (`mouseMoved`, `mousePressed` or `mouseReleased`) at a point of the page, CSS pixels; `is_down`:
    /// whether the left button is down after it.
    pub fn mouse(&mut self, tab: &Tab, kind: &str, [x, y]: [f64; 2], is_down: bool) {
        let button = if kind == "mouseMoved" && !is_down {
            "none"
        } else {
            "left"
        };
        let clicks = u8::from(kind != "mouseMoved");
        let event = json!({
            "type": kind, "x": x, "y": y, "button": button, "buttons": u8::from(is_down), "clickCount": clicks,
        });
        self.command(Some(tab), "Input.dispatchMouseEvent", event);
    }

    /// Saves a screenshot of the page in the folder `SCREENSHOTS`.
    pub fn picture(&mut self, tab: &Tab, name: &str) {
        let Some(folder) = std::env::var_os("SCREENSHOTS").map(PathBuf::from) else {
            return;
        };
        std::fs::create_dir_all(&folder).unwrap();
        let picture = self.command(Some(tab), "Page.captureScreenshot", json!({}));
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(picture["data"].as_str().unwrap())
            .unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }

    /// Lets a page use its dark colors.
    pub fn dark(&mut self, tab: &Tab) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
        self.command(Some(tab), "Emulation.setEmulatedMedia", features);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
