//! Whose token is in `Authorization`: an access token for what makes a wallet, a wallet token for one operation on it.

use axum::http::header::{HeaderMap, ORIGIN};

use super::Caller;
use crate::domain::{Code, ConsentScope};
use crate::store::{LetInBy, PresentedWalletToken, Spending, UsableWallet, UserScope, Wallet, WalletUse, WalletUsed};
use crate::tokens::{AccessClaims, FinishedLogin, Read, WalletClaims};
use crate::web::Caller as Repeats;
use crate::web::device;
use crate::web::{Bearer, Call, Context, Failure, IdempotencyKey, LiveToken, Repeatable, Web, once};

/// Somebody who has logged in to the app that calls, and has no wallet yet.
pub struct Arrived {
    /// Who.
    pub scope: UserScope,
    /// What the access token says.
    claims: Read<AccessClaims>,
}

impl Arrived {
    /// The user of an access token of this app and version.
    pub async fn read(web: &Web, context: &Context, caller: &Caller, bearer: &Bearer) -> Result<Self, Failure> {
        let wrong = || {
            refuse(
                "Send the access token of a log-in to this app as Authorization: Bearer <jwt>. It lives an hour, and opens the version that it was made for.",
            )
        };
        let text = bearer.0.as_deref().ok_or_else(wrong)?;
        let Some(LiveToken::Access(claims, holder)) = LiveToken::read(web, text, context).await? else {
            return Err(wrong());
        };
        let app = &caller.app.scope;
        let ours = holder.scope.environment() == app.environment() && claims.claims.app == app.app();
        if !ours || claims.claims.version != caller.version {
            return Err(wrong());
        }
        Ok(Self {
            scope: holder.scope,
            claims,
        })
    }

    /// When the person gave the proof: a Unix time.
    pub fn proven_at(&self) -> i64 {
        self.claims.claims.auth_time()
    }

    /// The log-in, for the tokens of what comes next.
    pub fn login(&self, caller: &Caller, context: &Context) -> Result<FinishedLogin, Failure> {
        let provider = self.claims.claims.provider();
        Ok(FinishedLogin {
            version: caller.version,
            app: caller.app.scope.app(),
            amr: self.claims.claims.amr,
            provider: provider.ok_or_else(|| Failure::internal("an access token names an unknown provider"))?,
            named: String::new(),
            // No earlier than what the token was good for: a log-out everywhere ends what comes of it as well.
            since: context.now.max(self.claims.issued_at),
            // What is made in this log-in is its own, and what a held one may not move is not moved.
            hold: None,
        })
    }

    /// Refuses a log-in on a new device that reads alone.
    pub async fn must_not_be_held(&self, web: &Web, context: &Context) -> Result<(), Failure> {
        let Some(device) = self.claims.claims.hold else {
            return Ok(());
        };
        let hold = web.instance.store.device_hold(device).await?;
        let hold = hold.filter(|hold| hold.user == self.scope.user() && hold.is_on(context.now));
        let refused = hold.and_then(|hold| {
            let until = (device, hold.ends_at);
            device::held(web, self.scope.environment(), until, context.now)
        });
        refused.map_or(Ok(()), Err)
    }
}

/// A wallet that was let in by a token, and what the token carries.
pub struct LetIn {
    /// The wallet.
    pub usable: UsableWallet,
    /// What the token says.
    pub claims: WalletClaims,
    /// When the token was made.
    pub issued_at: jiff::Timestamp,
    /// Whether this call was made before with its `Idempotency-Key`.
    pub replayed: bool,
    /// What is answered to all but reads, where the log-in is on a new device.
    held: Option<Failure>,
    repeatable: Repeatable,
}

impl LetIn {
    /// The call, if it carries an `Idempotency-Key`, and until when that is known.
    pub fn call(&self) -> Option<([u8; 32], jiff::Timestamp)> {
        let claim = self.repeatable.claim.as_ref()?;
        Some((claim.id, claim.expires_at))
    }

    /// Refuses a log-in on a new device that reads alone.
    pub fn must_not_be_held(&self) -> Result<(), Failure> {
        self.held.clone().map_or(Ok(()), Err)
    }

    /// The token, for what needs this of the person's consent.
    pub const fn by(&self, needs: ConsentScope) -> LetInBy {
        LetInBy {
            issued_at: self.issued_at,
            family: self.claims.fam,
            needs,
        }
    }
}

/// What a wallet token says, if it is one of this app and version.
pub async fn presented(
    web: &Web,
    context: &Context,
    caller: &Caller,
    token: Option<&str>,
) -> Result<Read<WalletClaims>, Failure> {
    let wrong = || {
        refuse(
            "Send a wallet token of this app as Authorization: Bearer <jwt>: a log-in gives one, and wallet/refresh another. It opens the version that it was made for.",
        )
    };
    let token = token.ok_or_else(wrong)?;
    let read = web.tokens.read::<WalletClaims>(&web.instance, token, context.now).await;
    let app = &caller.app.scope;
    read.filter(|read| {
        let claims = &read.claims;
        read.environment == app.environment() && claims.app == app.app() && claims.version == caller.version
    })
    .ok_or_else(wrong)
}

/// A token as the store spends it.
pub fn as_presented(read: &Read<WalletClaims>) -> PresentedWalletToken {
    let claims = &read.claims;
    PresentedWalletToken {
        id: claims.jti,
        environment: read.environment,
        user: read.subject,
        wallet: claims.wid,
        app: claims.app,
        family: claims.fam,
        hold: claims.hold,
        issued_at: read.issued_at,
        expires_at: read.expires_at,
        single_use: claims.version == 2,
    }
}

/// Spends a wallet token: from here on it is used up, whatever becomes of the call. A call that is made again with its
/// `Idempotency-Key` is let in once more.
pub async fn spend(
    web: &Web,
    context: &Context,
    caller: &Caller,
    token: Option<&str>,
    key: IdempotencyKey,
    raw: &[u8],
) -> Result<LetIn, Failure> {
    let read = presented(web, context, caller, token).await?;
    spend_presented(web, context, read, key, raw).await
}

/// As [`spend`], for a token that was looked at before the body was read.
pub async fn spend_presented(
    web: &Web,
    context: &Context,
    read: Read<WalletClaims>,
    key: IdempotencyKey,
    raw: &[u8],
) -> Result<LetIn, Failure> {
    let token = as_presented(&read);
    let who = Repeats {
        environment: token.environment,
        credential: token.app.0,
        subject: Some(token.wallet.0),
    };
    let repeatable = key.of(web, who, raw, context.now)?;
    let store = &web.instance.store;
    let spent = store
        .spend_wallet_token(token, repeatable.claim.clone(), context.now)
        .await?;
    let (spending, replayed) = match once(spent)? {
        Call::Done(spending) => (spending, false),
        Call::Replayed(_) => (store.read_wallet(token, context.now).await?, true),
    };
    let usable = match spending {
        Spending::Usable(usable) => *usable,
        Spending::Spent => return Err(used()),
        Spending::Refused => return Err(ended()),
    };
    Ok(LetIn {
        held: held(web, context, &read.claims, &usable),
        usable,
        issued_at: read.issued_at,
        claims: read.claims,
        replayed,
        repeatable,
    })
}

/// What is answered to all but reads, where the log-in is on a new device and waits.
pub fn held(web: &Web, context: &Context, claims: &WalletClaims, usable: &UsableWallet) -> Option<Failure> {
    let until = claims.hold.zip(usable.held_until)?;
    device::held(web, usable.wallet.environment, until, context.now)
}

/// A token that another call has spent.
pub fn used() -> Failure {
    refuse("This wallet token was used before: each is good for one call. Get another from wallet/refresh.")
}

/// A token whose log-in, app or wallet is over.
pub fn ended() -> Failure {
    refuse("What this wallet token was made for has ended: the log-in, the app, or the wallet moved. Log in again.")
}

/// Refuses a wallet that the operator stopped, and an app that the person has not let work with it.
pub fn must_be_allowed(web: &Web, caller: &Caller, headers: &HeaderMap, let_in: &LetIn) -> Result<(), Failure> {
    if let_in.usable.wallet.frozen {
        let why = "This wallet is frozen. Ask whoever runs this server.";
        return Err(Failure::new(Code::Forbidden).saying(why));
    }
    if let_in.usable.consent.is_some() {
        return Ok(());
    }
    Err(consent_needed(web, caller, headers, let_in))
}

/// Sends a person to the page where they let the app work with the wallet.
pub fn consent_needed(web: &Web, caller: &Caller, headers: &HeaderMap, let_in: &LetIn) -> Failure {
    let link = super::session::consent_page(web, let_in.usable.wallet.id, caller.app.scope.app());
    // A browser fails on a 407, and version 1 does not know it.
    let plain = caller.version == 1 || headers.contains_key(ORIGIN);
    let code = if plain { Code::Forbidden } else { Code::ConsentNeeded };
    Failure::new(code).going_to(link)
}

/// What let a call in was over when the key was to be opened. Whoever calls again learns what it was.
pub fn ended_meanwhile() -> Failure {
    let why = "While this call was under way the wallet was frozen or moved, the log-in ended, or the person took back their consent. Its key was not used. Call again with another wallet token from wallet/refresh: the answer says what it was.";
    Failure::new(Code::Conflict).saying(why)
}

/// Notes that a wallet's key is about to be opened for something other than a signature; `let_in` is the wallet token, if
/// it is one that lets the caller do this.
pub async fn note_use(
    web: &Web,
    caller: &Caller,
    wallet: &Wallet,
    let_in: Option<LetInBy>,
    operation: &'static str,
) -> Result<(), Failure> {
    let app = caller.app.scope.app();
    let key_use = WalletUse {
        wallet: wallet.id,
        environment: wallet.environment,
        user: wallet.user,
        app,
        let_in,
        operation,
        network: None,
        spends: Vec::new(),
        call: None,
    };
    let instance = &web.instance;
    let by = instance.admin_as(&format!("app {app}"));
    match instance.store.use_wallet(&by, key_use, instance.clock.now()).await? {
        WalletUsed::Noted => Ok(()),
        WalletUsed::Ended => Err(ended_meanwhile()),
        WalletUsed::Over { .. } => Err(Failure::internal("a use that spends nothing passed a limit")),
    }
}

fn refuse(why: &str) -> Failure {
    Failure::new(Code::Unauthorized).saying(why)
}
