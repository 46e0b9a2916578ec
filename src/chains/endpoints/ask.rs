//! One call to a node, and what its answer comes to.

use bytes::Bytes;
use reqwest::Method;
use serde::de::DeserializeOwned;

use super::size::holds_little;

/// More of an answer is never read.
pub const LONGEST_ANSWER: usize = 1 << 20;

/// One call to a node.
#[derive(Debug, Clone)]
pub struct Ask {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
}

impl Ask {
    /// A POST of JSON to the address itself.
    #[must_use]
    pub fn json(body: String) -> Self {
        Self {
            method: Method::POST,
            path: String::new(),
            content_type: "application/json",
            body: body.into(),
        }
    }

    /// A GET of a path below the address, like `/blocks/tip/height`.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            content_type: "",
            body: Bytes::new(),
        }
    }

    /// A POST of plain text to a path below the address.
    #[must_use]
    pub fn text(path: impl Into<String>, body: String) -> Self {
        Self {
            method: Method::POST,
            path: path.into(),
            content_type: "text/plain",
            body: body.into(),
        }
    }
}

/// What a node answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// At most [`LONGEST_ANSWER`] bytes.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; `None` where it is none of this shape.
    ///
    /// # Errors
    /// [`Problem::Lied`] for more values than any answer has: each takes a hundred times the memory of its text.
    pub fn json<T: DeserializeOwned>(&self) -> Result<Option<T>, Problem> {
        if holds_little(&self.body) {
            return Ok(serde_json::from_slice(&self.body).ok());
        }
        Err(Problem::Lied("an answer of more values than any has".to_owned()))
    }
}

/// What a node's answer comes to. The texts hold no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// No answer, or one that another node may give: the next one is asked.
    Down(String),
    /// An answer that cannot be: the next one is asked.
    Lied(String),
    /// The answer is no, with the code that the node gives.
    Refused {
        /// The node's code (JSON-RPC), or the HTTP status.
        code: i64,
        /// Its words, made harmless by [`words`].
        reason: String,
    },
}

/// Why a node gave no answer, and whether the call may have reached it all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Why.
    pub problem: Problem,
    /// Whether the call may have reached it.
    pub may_have_it: bool,
}

impl Missed {
    /// The call never left for it.
    pub(super) const fn before(problem: Problem) -> Self {
        Self {
            problem,
            may_have_it: false,
        }
    }

    /// The call left for it.
    pub(super) const fn after(problem: Problem) -> Self {
        Self {
            problem,
            may_have_it: true,
        }
    }
}

/// How a node shows that it is of this network: a call, and what is wrong with its answer.
pub struct Identity {
    /// The call.
    pub ask: Ask,
    /// Reads the answer.
    pub is: Check,
}

/// What is wrong with an answer, if anything.
pub type Check = Box<dyn Fn(&Reply) -> Result<(), Problem> + Send + Sync>;

/// A node's own words, as they may be repeated: one line, at most 200 characters, nothing that is not text.
#[must_use]
pub fn words(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
        .filter(|letter| !letter.is_control() && !is_direction(*letter))
        .take(200)
        .collect();
    let clean = clean.trim();
    if clean.is_empty() {
        "no reason given".to_owned()
    } else {
        clean.to_owned()
    }
}

/// Characters that make a text look like another one.
pub(in super::super) fn is_direction(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
