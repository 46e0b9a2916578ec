//! A fresh proof of a wallet's owner: a code to an address of theirs, whose text names the purpose and the app, typed on
//! our page, in the browser that asked for it.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::reader::Reader;
use super::steps::{PageCode, held, holder, holder_or_new};
use super::words::Flash;
use crate::domain::{ChallengeId, Purpose, SessionId, Token, Uuid};
use crate::store::{App, AppScope, ChallengeScope, UserScope, Wallet};
use crate::web::{Context, Failure, Web};

/// Keeps the browser that asked for a code.
const HOLDER: &str = "__Host-step-up";

/// What is decided, and by whom.
pub struct StepUp<'a> {
    /// The app that asked for it.
    pub app: &'a App,
    /// What it reaches.
    pub scope: &'a AppScope,
    /// The wallet.
    pub wallet: &'a Wallet,
    /// What for.
    pub purpose: Purpose,
    /// What the browser sent along.
    pub headers: &'a HeaderMap,
}

/// What became of the wish for a code.
pub enum Sent {
    /// It is on its way, and is typed in the browser that has this.
    Code(ChallengeId, Holder),
    /// Too many codes were asked for: again in so many seconds.
    Wait(u32),
    /// The owner has proven no address.
    Nowhere,
}

impl Sent {
    /// The page of what became of it, in one of three states: it asks, it waits for the code, there is no address. A code that
    /// was sent `before` can still be typed; nothing where there is none.
    pub fn shown<S>(
        self,
        before: &str,
        [asks, waits, no_address]: [S; 3],
        render: impl FnOnce(S, &str, Option<Flash>) -> Result<Response, Failure>,
    ) -> Result<Response, Failure> {
        match self {
            Self::Code(challenge, holder) => holder.keeps(render(waits, &challenge.to_string(), None)?),
            Self::Wait(seconds) => {
                let state = if before.is_empty() { asks } else { waits };
                render(state, before, Some(Flash::Wait(seconds)))
            }
            Self::Nowhere => render(no_address, "", None),
        }
    }
}

/// The browser that asked for a code.
pub struct Holder(Token);

impl Holder {
    /// What its codes are made for. Only who has the whole cookie can name it.
    fn session(&self) -> SessionId {
        let hash = self.0.hash();
        SessionId(Uuid::from_bytes(std::array::from_fn(|at| hash[at])))
    }

    /// A page that makes the browser this one.
    pub fn keeps(&self, page: Response) -> Result<Response, Failure> {
        held(page, HOLDER, &self.0)
    }
}

impl StepUp<'_> {
    /// Sends a code to the owner's own address.
    pub async fn send(&self, web: &Web, context: &Context, reader: &Reader) -> Result<Sent, Failure> {
        let known = web.instance.store.wallet_contact(self.scope, self.wallet.id).await?;
        self.send_to(web, context, reader, known).await
    }

    /// Sends a code to this address of the owner's, by its kind and its key.
    pub async fn send_to(
        &self,
        web: &Web,
        context: &Context,
        reader: &Reader,
        address: Option<(String, String)>,
    ) -> Result<Sent, Failure> {
        let Some((kind, key)) = address else {
            return Ok(Sent::Nowhere);
        };
        let holder = Holder(holder_or_new(web, self.holder().map(|known| known.0)));
        let sent = self.code(&holder).send(web, context, reader, (&kind, &key)).await?;
        Ok(match sent {
            Ok(challenge) => Sent::Code(challenge, holder),
            Err(seconds) => Sent::Wait(seconds),
        })
    }

    /// What the owner reaches who typed the code of a challenge in the browser that asked for it; `None` for a wrong one.
    pub async fn owner(
        &self,
        web: &Web,
        context: &Context,
        challenge: &str,
        code: &str,
    ) -> Result<Option<UserScope>, Failure> {
        let proven = self.proven(web, context, challenge, code).await?;
        Ok(proven.map(|(owner, _)| owner))
    }

    /// The same, with the key of the address that the code went to.
    pub async fn proven(
        &self,
        web: &Web,
        context: &Context,
        challenge: &str,
        code: &str,
    ) -> Result<Option<(UserScope, String)>, Failure> {
        let (Ok(challenge), Some(holder)) = (challenge.parse::<ChallengeId>(), self.holder()) else {
            return Ok(None);
        };
        let proven = self.code(&holder).check(web, context, challenge, code).await?;
        Ok(proven.and_then(|proven| self.wallet.owned_by(&proven).map(|owner| (owner, proven.key))))
    }

    fn code(&self, holder: &Holder) -> PageCode<'_> {
        PageCode {
            scope: ChallengeScope::from(self.scope),
            kind: self.app.kind,
            asked_by: &self.app.name,
            user: self.wallet.user,
            purpose: self.purpose,
            session: holder.session(),
        }
    }

    fn holder(&self) -> Option<Holder> {
        holder(self.headers, HOLDER).map(Holder)
    }
}

/// The status of a page that says this.
pub fn status(wrong_code: bool, said: Option<Flash>) -> StatusCode {
    match said {
        _ if wrong_code => StatusCode::UNAUTHORIZED,
        Some(Flash::Wait(_)) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::OK,
    }
}
