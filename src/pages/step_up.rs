//! A fresh proof of a wallet's owner: a code to an address of theirs, whose text names the purpose and the app, typed on
//! our page.

use zeroize::Zeroizing;

use super::reader::Reader;
use super::steps::destination;
use crate::domain::{ChallengeId, Purpose};
use crate::store::{App, AppScope, ChallengeScope, ProofOutcome, UserScope, Wallet};
use crate::web::codes::{Ask, Try, ask, prove};
use crate::web::{Call, Context, Failure, Web};

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
}

impl StepUp<'_> {
    /// Sends a code to the owner's own address; answers its challenge, or `None` if they have proven none.
    pub async fn send(&self, web: &Web, context: &Context, reader: &Reader) -> Result<Option<ChallengeId>, Failure> {
        let known = web.instance.store.wallet_contact(self.scope, self.wallet.id).await?;
        let destination = known.and_then(|(kind, key)| destination(&kind, &key).ok());
        let Some((to, channel)) = destination else {
            return Ok(None);
        };
        let challenge = ChallengeId(web.instance.ids.id());
        let asked = Ask {
            id: challenge,
            scope: ChallengeScope::from(self.scope),
            kind: self.app.kind,
            asked_by: &self.app.name,
            user: Some(self.wallet.user),
            session: None,
            purpose: self.purpose,
            to,
            channel,
            language: reader.language(),
            device: None,
            repeatable: None,
        };
        ask(web, context, asked).await?;
        Ok(Some(challenge))
    }

    /// What the owner reaches who typed the code of a challenge; `None` for a wrong one.
    pub async fn owner(
        &self,
        web: &Web,
        context: &Context,
        challenge: &str,
        code: &str,
    ) -> Result<Option<UserScope>, Failure> {
        let Ok(challenge) = challenge.parse::<ChallengeId>() else {
            return Ok(None);
        };
        let code = Zeroizing::new(code.trim().to_owned());
        let typed = Try {
            scope: ChallengeScope::from(self.scope),
            challenge,
            user: Some(self.wallet.user),
            session: None,
            purpose: self.purpose,
            kind: None,
            code: &code,
            claim: None,
        };
        Ok(match prove(web, context, typed).await? {
            Call::Done(ProofOutcome::Proven(proven)) => self.wallet.owned_by(&proven),
            _ => None,
        })
    }
}
