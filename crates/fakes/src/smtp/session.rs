//! One conversation.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::{Act, Mail, SmtpTls, Stage, State};

/// The most bytes of one line.
const LONGEST_LINE: usize = 65_536;

/// How a part of the conversation ended.
enum Ended {
    /// The client wants TLS now.
    StartTls,
    /// For good.
    Closed,
}

pub(super) async fn serve(stream: TcpStream, state: &State) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if state.options.tls == SmtpTls::Implicit {
        let stream = state.acceptor.accept(stream).await?;
        Session::new(state, BufReader::new(stream), true).run(true).await?;
        return Ok(());
    }
    let mut session = Session::new(state, BufReader::new(stream), false);
    if let Ended::StartTls = session.run(true).await? {
        let stream = state.acceptor.accept(session.stream.into_inner()).await?;
        Session::new(state, BufReader::new(stream), true).run(false).await?;
    }
    Ok(())
}

struct Session<'a, S> {
    state: &'a State,
    stream: BufReader<S>,
    encrypted: bool,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Session<'a, S> {
    fn new(state: &'a State, stream: BufReader<S>, encrypted: bool) -> Self {
        Self {
            state,
            stream,
            encrypted,
            user: None,
            from: None,
            to: Vec::new(),
        }
    }

    async fn run(&mut self, greet: bool) -> io::Result<Ended> {
        if greet && !self.step(Stage::Greeting, "220 fake ESMTP").await? {
            return Ok(Ended::Closed);
        }
        while let Some(line) = self.line().await? {
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_ascii_uppercase();
            let shown = if verb == "AUTH" {
                rest.split(' ').next().unwrap_or_default()
            } else {
                rest
            };
            self.state.lines.push(format!("{verb} {shown}").trim_end().to_owned());
            let goes_on = match verb.as_str() {
                "EHLO" | "HELO" => {
                    let offer = self.offer();
                    self.step(Stage::Hello, &offer).await?
                }
                "STARTTLS" if !self.encrypted && self.state.options.tls != SmtpTls::None => {
                    let injected = self.state.options.tls == SmtpTls::Injected;
                    let reply = if injected { "220 go\r\n250 AUTH PLAIN" } else { "220 go" };
                    if self.step(Stage::StartTls, reply).await? {
                        return Ok(Ended::StartTls);
                    }
                    false
                }
                "AUTH" => self.auth(rest).await?,
                "MAIL" if self.state.options.login.is_some() && self.user.is_none() => {
                    self.say("530 5.7.0 Authentication required").await?
                }
                "MAIL" => {
                    self.from = path(rest);
                    self.to.clear();
                    self.step(Stage::Sender, "250 2.1.0 Ok").await?
                }
                "RCPT" if self.from.is_none() => self.say("503 5.5.1 MAIL first").await?,
                "RCPT" => {
                    let recipient = path(rest);
                    let goes_on = self.step_or_refuse(Stage::Recipient, "250 2.1.5 Ok").await?;
                    if goes_on == Some(true) {
                        self.to.extend(recipient);
                    }
                    goes_on.is_some()
                }
                "DATA" if self.to.is_empty() => self.say("503 5.5.1 RCPT first").await?,
                "DATA" => match self.step_or_refuse(Stage::Data, "354 End with a dot").await? {
                    Some(true) => self.data().await?,
                    goes_on => goes_on.is_some(),
                },
                "RSET" | "NOOP" => self.say("250 2.0.0 Ok").await?,
                "QUIT" => {
                    self.say("221 2.0.0 Bye").await?;
                    false
                }
                _ => self.say("502 5.5.1 Not known").await?,
            };
            if !goes_on {
                break;
            }
        }
        Ok(Ended::Closed)
    }

    fn offer(&self) -> String {
        let mut offer = "250-fake\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n".to_owned();
        if !self.encrypted && self.state.options.tls != SmtpTls::None {
            offer.push_str("250-STARTTLS\r\n");
        }
        if self.encrypted && self.state.options.login.is_some() {
            offer.push_str("250-AUTH PLAIN LOGIN\r\n");
        }
        offer + "250 SIZE 10240000"
    }

    async fn auth(&mut self, rest: &str) -> io::Result<bool> {
        if !self.encrypted {
            return self.say("538 5.7.11 Encryption required").await;
        }
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let decode = |text: &str| {
            let bytes = STANDARD.decode(text.trim()).unwrap_or_default();
            String::from_utf8(bytes).unwrap_or_default()
        };
        let mut initial = decode(initial);
        let (user, password) = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                if initial.is_empty() {
                    self.say("334 ").await?;
                    initial = decode(&self.line().await?.unwrap_or_default());
                }
                let mut parts = initial.split('\0').skip(1).map(str::to_owned);
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            "LOGIN" => {
                self.say("334 VXNlcm5hbWU6").await?;
                let user = decode(&self.line().await?.unwrap_or_default());
                self.say("334 UGFzc3dvcmQ6").await?;
                (user, decode(&self.line().await?.unwrap_or_default()))
            }
            _ => return self.say("504 5.5.4 Not known").await,
        };
        let known = self.state.options.login.as_ref();
        if known.is_some_and(|known| *known == (user.clone(), password)) {
            self.user = Some(user);
            self.step(Stage::Auth, "235 2.7.0 Authenticated").await
        } else {
            self.step(Stage::Auth, "535 5.7.8 Username and Password not accepted")
                .await
        }
    }

    async fn data(&mut self) -> io::Result<bool> {
        let mut data = String::new();
        loop {
            let Some(line) = self.line().await? else {
                return Ok(false);
            };
            if line == "." {
                break;
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
            data.push_str("\r\n");
        }
        let mail = Mail {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            data,
            encrypted: self.encrypted,
            user: self.user.clone(),
        };
        match self.state.act(Stage::End) {
            Some(Act::Reply(line)) => return self.say(&line).await,
            Some(Act::Drop) => {
                self.state.mails.push(mail);
                return Ok(false);
            }
            Some(Act::Flood) => return self.flood().await,
            Some(Act::Pause(pause)) => sleep(pause).await,
            None => {}
        }
        self.state.mails.push(mail);
        self.say("250 2.0.0 Ok: queued").await
    }

    /// Replies, or does what was told for this step; whether the conversation goes on.
    async fn step(&mut self, stage: Stage, reply: &str) -> io::Result<bool> {
        Ok(self.step_or_refuse(stage, reply).await?.is_some())
    }

    /// As [`Session::step`]; `Some(false)` if another reply was told.
    async fn step_or_refuse(&mut self, stage: Stage, reply: &str) -> io::Result<Option<bool>> {
        let told = match self.state.act(stage) {
            Some(Act::Reply(line)) => {
                self.say(&line).await?;
                return Ok(Some(false));
            }
            Some(Act::Drop) => return Ok(None),
            Some(Act::Flood) => self.flood().await?,
            Some(Act::Pause(pause)) => {
                sleep(pause).await;
                self.say(reply).await?
            }
            None => self.say(reply).await?,
        };
        Ok(told.then_some(true))
    }

    async fn say(&mut self, reply: &str) -> io::Result<bool> {
        let line = format!("{reply}\r\n");
        self.stream.get_mut().write_all(line.as_bytes()).await?;
        self.stream.get_mut().flush().await?;
        Ok(true)
    }

    async fn flood(&mut self) -> io::Result<bool> {
        loop {
            self.say(&format!("250-{}", "a".repeat(500))).await?;
        }
    }

    /// The next line without its end.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        loop {
            let available = self.stream.fill_buf().await?;
            if available.is_empty() || line.len() > LONGEST_LINE {
                return Ok(None);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            line.extend_from_slice(&available[..taken]);
            self.stream.consume(taken);
            if end.is_some() {
                let text = String::from_utf8_lossy(&line).into_owned();
                return Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()));
            }
        }
    }
}

/// The address of `FROM:<…>` or `TO:<…>`.
fn path(rest: &str) -> Option<String> {
    let (_, path) = rest.split_once('<')?;
    path.split_once('>').map(|(address, _)| address.to_owned())
}
