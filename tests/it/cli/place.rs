//! A directory in which the binary runs.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// No command and no wait takes longer; a slow machine under load is far below.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A new directory; commands run in it, with nothing of this process's environment.
pub struct Place(TempDir);

/// How a command ended.
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The directory as the system names it.
    pub fn real(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn mode(&self, name: &str) -> u32 {
        mode(&self.path(name))
    }

    /// The binary with arguments, ready to be spawned.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aboard"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        run(self.command(arguments))
    }

    /// Runs a command that is answered on standard input.
    pub fn answering(&self, arguments: &[&str], answer: &str) -> Ended {
        use std::io::Write as _;
        let mut command = self.command(arguments);
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(answer.as_bytes()).unwrap();
        command.stdin(reader);
        drop(writer);
        run(command)
    }

    /// Runs a command that has to work and to be silent on standard error; answers what it printed.
    #[track_caller]
    pub fn works(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(
            (ended.code, ended.err.as_str()),
            (Some(0), ""),
            "{arguments:?}: {}",
            ended.out
        );
        ended.out
    }

    /// Runs a command that has to work with `--json`: exactly one value, on one line.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        let out = self.works(&arguments);
        assert_eq!(out.lines().count(), 1, "{arguments:?}: {out}");
        serde_json::from_str(&out).unwrap()
    }

    /// Runs a command that has to fail with exit code 1 and nothing on standard output; answers what it said.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(
            (ended.code, ended.out.as_str()),
            (Some(1), ""),
            "{arguments:?}: {}",
            ended.err
        );
        ended.err
    }

    /// A store with one organization, and the key file `kek` beside its directory.
    pub fn with_organization() -> (Self, Value) {
        let place = Self::new();
        place.works(&["keys", "init", "kek"]);
        let made = place.json(&["orgs", "create", "Example", "--set", "keys.file=kek"]);
        (place, made)
    }
}

pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn run(mut command: Command) -> Ended {
    let mut child = command.spawn().unwrap();
    let out = all(child.stdout.take().unwrap());
    let err = all(child.stderr.take().unwrap());
    let (out, err) = (out.recv_timeout(PATIENCE), err.recv_timeout(PATIENCE));
    if out.is_err() || err.is_err() {
        end(&mut child);
        panic!("{command:?} took too long");
    }
    Ended {
        code: child.wait().unwrap().code(),
        out: out.unwrap(),
        err: err.unwrap(),
    }
}

/// Everything that is written until the end.
fn all(mut pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        let _ = sender.send(text);
    });
    receiver
}

/// Each line as it is written; hung up at the end.
pub fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            let Ok(line) = line else { break };
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Ends a process that this test started.
pub fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The text with what changes from run to run cut short: ids and secrets to their prefix, times to words.
pub fn redacted(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.split(' ').map(redacted_word).collect::<Vec<_>>().join(" "))
        .collect();
    lines.join("\n")
}

fn redacted_word(word: &str) -> String {
    let prefix = ["org_", "env_", "prt_", "app_", "key_", "usr_", "sgn_", "whsec_"]
        .into_iter()
        .find(|prefix| word.starts_with(prefix));
    let secret = ["abp_", "abs_", "abc_"].iter().any(|prefix| word.starts_with(prefix));
    let digits = |word: &str| word.bytes().filter(u8::is_ascii_digit).count();
    let tail = word
        .strip_suffix(['.', ':', ','])
        .map_or("", |start| &word[start.len()..]);
    match prefix {
        Some(prefix) if word.len() >= 30 => format!("{prefix}…{tail}"),
        _ if secret && word.contains('…') => format!("{}hint", &word[..9]),
        _ if secret => format!("{}…", &word[..9]),
        _ if word.len() == 10 && digits(word) == 8 && word.contains('-') => "DAY".to_owned(),
        _ if word.trim_end_matches(['.', ',']).len() == 6 && digits(word) == 4 && word.contains('Z') => {
            format!("TIME{tail}")
        }
        _ => word.to_owned(),
    }
}
