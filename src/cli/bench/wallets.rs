//! The verb that spends a wallet token, from callers inside the process; and such tokens in bulk for the load generator.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aboard_vault::wallet::{Place, SealedWallet};
use anyhow::{Context as _, anyhow, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::codes::{self, LogIns};
use super::verbs::drive;
use crate::api::wallet::session;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::policy::Operation;
use crate::domain::{Amr, ConsentScope, Custody, FamilyId, OrganizationId, RefreshToken, WalletId};
use crate::instance::Instance;
use crate::store::{
    AppScope, InFlight, KnownWallet, LetInBy, NewFamily, NewSecret, NewSecretLink, NewWallet, Once,
    PresentedWalletToken, Spending, UserScope, WalletCreation, WalletUse, WalletUsed,
};
use crate::tokens::{Tokens, WalletClaims};

/// Wallets that the tokens are of.
const WALLETS: usize = 16;
/// The network that the load generator signs for: of a sandbox.
const NETWORK: &str = "ethereum-sepolia";

/// Measures the spend of a wallet token, as `sign_message`, then the spend with the note of the key's use behind it, as
/// `spend_and_use`: the two commits of one signature; calls per second go into `row`.
///
/// The signature itself is in neither: the first is the ceiling of the calls that spend a token, whatever they sign.
pub async fn measure(
    instance: &Instance,
    organization: OrganizationId,
    in_flight: &InFlight,
    callers: usize,
    time: Duration,
    row: &mut Map<String, Value>,
) -> anyhow::Result<()> {
    let scope = codes::app(instance, organization).await?;
    let bench = Arc::new(Bench::new(instance, scope, in_flight).await?);
    for (name, notes) in [("sign_message", false), ("spend_and_use", true)] {
        let bench = Arc::clone(&bench);
        let rate = drive(callers, time, move || {
            let bench = Arc::clone(&bench);
            async move { bench.spend(notes).await.map(|()| true) }
        })
        .await?;
        row.insert(name.into(), json!(rate));
    }
    Ok(())
}

/// Makes a few wallets and so many tokens of them, which are written to a file, one a line. A server takes them whose
/// public URL is that of `config`.
pub async fn tokens(config: &Config, count: usize, client_secret: &str, out: &Path) -> anyhow::Result<()> {
    let public_url = config.server.public_url.trim_end_matches('/');
    ensure!(
        !public_url.is_empty(),
        "server.public_url: set the one of the server that will read the tokens: it is in them."
    );
    let in_flight = InFlight::default();
    let instance = Instance::open(config, Clock::System, in_flight.clone()).await?;
    let tokens = Tokens::new(public_url);
    tokens.load(&instance).await?;
    let scope = codes::scope_of(&instance, client_secret).await?;
    let bench = Bench::new(&instance, scope, &in_flight).await?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(out)?);
    for number in 0..count {
        writeln!(file, "{}", bench.token(&tokens, public_url, number)?)?;
    }
    file.flush()?;
    instance.store.close().await;
    Ok(())
}

/// A wallet with a log-in to it.
struct Held {
    known: KnownWallet,
    family: FamilyId,
    /// The moment that tokens of the log-in say they were made at.
    since: Timestamp,
}

struct Bench {
    instance: Instance,
    scope: AppScope,
    in_flight: InFlight,
    held: Vec<Held>,
    turn: AtomicUsize,
}

impl Bench {
    async fn new(instance: &Instance, scope: AppScope, in_flight: &InFlight) -> anyhow::Result<Self> {
        let log_ins = LogIns::new(instance, scope, in_flight);
        let mut held = Vec::with_capacity(WALLETS);
        for _ in 0..WALLETS {
            held.push(new_wallet(instance, &scope, &log_ins).await?);
        }
        Ok(Self {
            instance: instance.clone(),
            scope,
            in_flight: in_flight.clone(),
            held,
            turn: AtomicUsize::new(0),
        })
    }

    /// Spends a token that nobody has presented before, of the next wallet; and notes the use of its key, if asked to.
    async fn spend(&self, notes: bool) -> anyhow::Result<()> {
        let _running = self.in_flight.enter();
        let held = &self.held[self.turn.fetch_add(1, Ordering::Relaxed) % self.held.len()];
        let (store, now) = (&self.instance.store, self.instance.clock.now());
        let wallet = &held.known.wallet;
        let token = PresentedWalletToken {
            id: self.instance.ids.id(),
            environment: wallet.environment,
            user: wallet.user,
            wallet: wallet.id,
            app: self.scope.app(),
            family: Some(held.family),
            hold: None,
            issued_at: held.since,
            expires_at: now + SignedDuration::from_mins(15),
            single_use: true,
        };
        let spent = store.spend_wallet_token(token, None, now).await?;
        let Once::Done(Spending::Usable(usable)) = spent else {
            anyhow::bail!("a wallet token of the bench was refused")
        };
        ensure!(usable.consent.is_some(), "the app of the bench lacks the consent");
        if notes {
            self.note(held, now).await?;
        }
        Ok(())
    }

    async fn note(&self, held: &Held, now: Timestamp) -> anyhow::Result<()> {
        let (app, wallet) = (self.scope.app(), &held.known.wallet);
        let key_use = WalletUse {
            wallet: wallet.id,
            environment: wallet.environment,
            user: wallet.user,
            app,
            let_in: Some(LetInBy {
                issued_at: held.since,
                family: Some(held.family),
                needs: ConsentScope::Sign,
            }),
            operation: Operation::Message.as_str(),
            network: Some(NETWORK.to_owned()),
            spends: Vec::new(),
            call: None,
        };
        let by = self.instance.admin_as(&format!("app {app}"));
        let used = self.instance.store.use_wallet(&by, key_use, now).await?;
        ensure!(used == WalletUsed::Noted, "a wallet of the bench was refused");
        Ok(())
    }

    /// A token as a log-in of version 2 gives it.
    fn token(&self, tokens: &Tokens, public_url: &str, number: usize) -> anyhow::Result<String> {
        let held = &self.held[number % self.held.len()];
        let (environment, app, known) = (self.scope.environment(), self.scope.app(), &held.known);
        let wallet = &known.wallet;
        let claims = WalletClaims {
            jti: self.instance.ids.id(),
            wid: wallet.id,
            uid: wallet.user,
            version: 2,
            app,
            amr: Amr::Otp,
            auth_time: held.since.as_second(),
            provider: "whatsapp".to_owned(),
            username: known.username.clone(),
            email: None,
            address: session::addresses(wallet, self.scope.kind()).map_err(|failure| anyhow!("{failure:?}"))?,
            mode: wallet.custody.as_str().to_owned(),
            is_permission_granted: known.consent.is_some(),
            accept_permission_page: format!("{public_url}/consent/{}/{app}", wallet.id),
            fam: Some(held.family),
            hold: None,
            half: None,
        };
        let life = self.instance.settings.of(environment).wallets.token_life();
        // No earlier than the log-in: what is older has ended.
        let at = self.instance.clock.now().max(held.since);
        let signed = tokens.sign(environment, wallet.user, claims, life, at);
        Ok(signed.context("the environment has no private signing key")?.token)
    }
}

/// Somebody logs in with a code and makes a wallet that the server can open.
async fn new_wallet(instance: &Instance, scope: &AppScope, log_ins: &LogIns) -> anyhow::Result<Held> {
    let (store, environment, app) = (&instance.store, scope.environment(), scope.app());
    let proven = log_ins.prove(log_ins.start(false).await?).await?;
    let (user, since) = (proven.user.id, proven.since);
    let holder = store
        .user_by_access_token(environment, user, app, Amr::Otp, since)
        .await?;
    let person = holder.context("a log-in of the bench was refused")?.scope;
    let new = seal(instance, &person).await?;
    let now = instance.clock.now();
    let made = store.create_wallet(&person, app, new, None, now).await?;
    ensure!(
        matches!(made, Once::Done(WalletCreation::Created)),
        "a wallet of the bench was refused"
    );
    let ids = &instance.ids;
    let family = FamilyId(ids.id());
    let begun = NewFamily {
        id: family,
        user,
        amr: Amr::Otp,
        provider: "whatsapp",
        since,
        first: RefreshToken::new(ids.id(), ids.secret()),
        hold: None,
    };
    store.begin_family(scope, begun, now).await?;
    let known = store.wallet_of(scope, user, now).await?;
    Ok(Held {
        known: known.context("a wallet of the bench is gone")?,
        family,
        since,
    })
}

/// A wallet of a new phrase, with a recovery secret that opens nothing: nobody recovers it.
async fn seal(instance: &Instance, person: &UserScope) -> anyhow::Result<NewWallet> {
    let (ids, vault) = (&instance.ids, &instance.vault);
    let id = WalletId(ids.id());
    let place = Place {
        environment: person.environment().bytes(),
        user: person.user().bytes(),
        wallet: id.bytes(),
    };
    let created = {
        let (vault, random) = (Arc::clone(vault), ids.clone());
        let create = move || SealedWallet::create(vault.kms(), &place, Custody::Server, random.entropy());
        tokio::task::spawn_blocking(create).await??
    };
    Ok(NewWallet {
        id,
        custody: Custody::Server,
        key: created.wallet.key().to_vec(),
        body: created.wallet.body().to_vec(),
        imported: false,
        secret: NewSecret {
            id: ids.id(),
            mac: ids.secret(),
            locator: ids.secret(),
            pepper: None,
        },
        link: NewSecretLink {
            id: ids.id(),
            hash: ids.secret(),
            sealed: Vec::new(),
            expires_at: instance.clock.now(),
        },
    })
}
