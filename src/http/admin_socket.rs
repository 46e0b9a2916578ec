//! The local socket beside a SQLite file: the command line hands its commands to the running server.
//!
//! Only this user may connect: the socket has mode 0600, and the peer's user id is checked. One line in, one
//! line out, both bounded in size and time.

use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::admin::socket::{COMMAND_TIME, LONGEST_REQUEST, REQUEST_TIME, Reply, Request, path};
use crate::admin::{AdminCommand, execute};
use crate::instance::Instance;
use crate::tokens::Tokens;

/// Connections served at once; more wait in the backlog.
const MOST_AT_ONCE: usize = 8;
/// How long a stop waits for commands that run.
const PATIENCE: Duration = Duration::from_secs(5);
/// After a failed accept (no file descriptors left) the next one waits.
const PAUSE: Duration = Duration::from_millis(200);

/// The socket, while it is served.
pub struct AdminSocket {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// The socket's file: removed at the end unless somebody else's has taken its place.
struct Place {
    file: PathBuf,
    inode: (u64, u64),
    owner: u32,
}

impl AdminSocket {
    /// Serves the socket beside a database file. Where that cannot be, the server runs without and says so:
    /// commands then write to the file beside it.
    #[must_use]
    pub fn start(instance: &Instance, tokens: &Tokens, database: &Path) -> Option<Self> {
        let file = path(database);
        match bind(&file) {
            Ok((listener, place)) => {
                let (stop, stopped) = oneshot::channel();
                let work = serve(listener, place, instance.clone(), tokens.clone(), stopped);
                let task = tokio::spawn(work);
                Some(Self { stop, task })
            }
            Err(error) => {
                tracing::warn!(file = %file.display(), error = format!("{error:#}"), "no local socket: commands will write to the store beside this server, and may have to wait for it");
                None
            }
        }
    }

    /// Removes the socket and lets running commands finish.
    pub async fn stop(self) {
        // If the task has ended by itself there is nobody to tell.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

fn bind(file: &Path) -> anyhow::Result<(UnixListener, Place)> {
    match std::os::unix::net::UnixStream::connect(file) {
        Ok(_) => bail!("another server answers on it"),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        // A server that was killed leaves its socket behind.
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            if !std::fs::symlink_metadata(file)?.file_type().is_socket() {
                bail!("a file that is no socket has its name");
            }
            std::fs::remove_file(file).context("the one of an earlier server cannot be removed")?;
        }
        Err(error) => return Err(error.into()),
    }
    let listener = UnixListener::bind(file)?;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))?;
    let made = std::fs::symlink_metadata(file)?;
    let place = Place {
        file: file.to_owned(),
        inode: (made.dev(), made.ino()),
        owner: made.uid(),
    };
    Ok((listener, place))
}

impl Drop for Place {
    fn drop(&mut self) {
        let same = std::fs::symlink_metadata(&self.file).is_ok_and(|now| (now.dev(), now.ino()) == self.inode);
        if same && let Err(error) = std::fs::remove_file(&self.file) {
            tracing::warn!(%error, file = %self.file.display(), "cannot remove the local socket; the next server will");
        }
    }
}

async fn serve(
    listener: UnixListener,
    place: Place,
    instance: Instance,
    tokens: Tokens,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut running = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = &mut stopped => break,
            Some(_) = running.join_next() => continue,
            accepted = listener.accept(), if running.len() < MOST_AT_ONCE => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (instance, tokens, owner) = (instance.clone(), tokens.clone(), place.owner);
                running.spawn(async move {
                    if let Err(error) = answer(stream, owner, &instance, &tokens).await {
                        tracing::debug!(%error, "the command line went away");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the local socket cannot accept");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop((listener, place));
    let finished = timeout(PATIENCE, async { while running.join_next().await.is_some() {} });
    if finished.await.is_err() {
        tracing::warn!("commands of the command line were cut off by the stop");
    }
}

/// Reads one request, runs it, writes one reply.
async fn answer(stream: UnixStream, owner: u32, instance: &Instance, tokens: &Tokens) -> io::Result<()> {
    let same_user = stream.peer_cred()?.uid() == owner;
    let mut stream = BufReader::new(stream);
    let reply = if same_user {
        match timeout(REQUEST_TIME, read(&mut stream)).await {
            Ok(Ok((name, command))) => run(&name, command, instance, tokens).await,
            Ok(Err(error)) => Reply::failed(&error),
            Err(_) => Reply::Failed(vec!["the request did not arrive in time".to_owned()]),
        }
    } else {
        Reply::Failed(vec![
            "the running server belongs to another user; run this as that user".to_owned(),
        ])
    };
    let mut line = serde_json::to_vec(&reply)?;
    line.push(b'\n');
    let stream = stream.get_mut();
    timeout(REQUEST_TIME, async {
        stream.write_all(&line).await?;
        stream.shutdown().await?;
        // Hanging up on what was not read would take the reply away from the caller.
        let mut rest = stream.take(LONGEST_REQUEST);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(drop)
    })
    .await?
}

/// The command and its name.
async fn read(stream: &mut BufReader<UnixStream>) -> anyhow::Result<(String, AdminCommand)> {
    let mut line = Vec::new();
    stream.take(LONGEST_REQUEST).read_until(b'\n', &mut line).await?;
    if !line.ends_with(b"\n") {
        bail!("the request is cut off or longer than {LONGEST_REQUEST} bytes");
    }
    let request: Request = serde_json::from_slice(&line).context("the request cannot be read")?;
    let name = request.command["do"].as_str().unwrap_or_default().to_owned();
    let command = serde_json::from_value(request.command).with_context(|| {
        format!(
            "the running server is version {} and does not know this command of version {}; restart the server with the new version",
            env!("CARGO_PKG_VERSION"),
            request.version
        )
    })?;
    Ok((name, command))
}

async fn run(name: &str, command: AdminCommand, instance: &Instance, tokens: &Tokens) -> Reply {
    let makes_signing_keys = command.makes_signing_keys();
    let work = async {
        let made = execute(instance, command).await?;
        if makes_signing_keys {
            tokens.load(instance).await?;
        }
        Ok(made)
    };
    match timeout(COMMAND_TIME, work).await {
        Ok(Ok(made)) => {
            tracing::info!(command = name, "the command line changed or read the store");
            Reply::Done(made)
        }
        Ok(Err(error)) => {
            tracing::info!(
                command = name,
                "a command of the command line failed; it has the reason"
            );
            Reply::failed(&error)
        }
        Err(_) => Reply::Failed(vec![
            "the command took too long and may or may not have been carried out; look with the list command".to_owned(),
        ]),
    }
}
