//! What a log-in to a wallet gives: a wallet token, a refresh token, the addresses.

use aboard_vault::hmac_sha256;
use aboard_vault::wallet::{Place, SealedWallet, UserHalf, bitcoin};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

use super::Caller;
use crate::config::Family;
use crate::domain::{Amr, AppId, DeviceId, EnvironmentKind, FamilyId, RefreshToken, WalletId};
use crate::store::{KnownWallet, NewFamily, NewHalf, Wallet};
use crate::tokens::{FinishedLogin, NetworkAddress, WalletClaims};
use crate::web::{Failure, Web};

/// The life of a wallet token of version 1 that nobody asked a life for.
const V1_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// The tokens of a wallet.
pub struct Session {
    /// Good for one operation.
    pub wallet_token: String,
    /// Good for one more wallet token; version 2 alone has it.
    pub refresh_token: Option<String>,
}

/// Whose tokens they are.
pub struct Born {
    /// How the person logged in.
    pub amr: Amr,
    /// What carried the proof.
    pub provider: &'static str,
    /// When the person gave the proof.
    pub auth_time: Timestamp,
    /// The moment that the tokens say they were made at.
    pub at: Timestamp,
    /// When the caller wants them to end, in version 1.
    pub until: Option<Timestamp>,
    /// The device whose hold the log-in waits for, if it does, or did.
    pub hold: Option<DeviceId>,
}

impl Born {
    /// Of a log-in that has just come to its end.
    pub fn of(login: &FinishedLogin, until: Option<Timestamp>) -> Self {
        Self {
            amr: login.amr,
            provider: login.provider,
            auth_time: login.since,
            at: login.since,
            until,
            hold: login.hold,
        }
    }
}

/// Begins what a log-in may go on with, and makes its first tokens. A half of the key that is there rides along.
pub async fn begin(
    web: &Web,
    caller: &Caller,
    known: &KnownWallet,
    born: &Born,
    half: Option<&UserHalf>,
) -> Result<Session, Failure> {
    if caller.version == 1 {
        return mint(web, caller, known, born, None, None).await;
    }
    let ids = &web.instance.ids;
    let family = FamilyId(ids.id());
    let first = RefreshToken::new(ids.id(), ids.secret());
    let new = NewFamily {
        id: family,
        user: known.wallet.user,
        amr: born.amr,
        provider: born.provider,
        since: born.auth_time,
        first: first.clone(),
        hold: born.hold,
    };
    let store = &web.instance.store;
    store
        .begin_family(&caller.app.scope, new, web.instance.clock.now())
        .await?;
    mint(web, caller, known, born, Some((family, &first)), half).await
}

/// Makes a wallet token, of a family whose good refresh token is given.
pub async fn mint(
    web: &Web,
    caller: &Caller,
    known: &KnownWallet,
    born: &Born,
    family: Option<(FamilyId, &RefreshToken)>,
    half: Option<&UserHalf>,
) -> Result<Session, Failure> {
    let ids = &web.instance.ids;
    let scope = &caller.app.scope;
    let (environment, wallet) = (scope.environment(), &known.wallet);
    let settings = web.instance.settings.of(environment);
    let life = if caller.version == 1 {
        let asked = born.until.map_or(V1_LIFE, |until| until.duration_since(born.at));
        asked.min(settings.wallets.v1_token_life())
    } else {
        settings.wallets.token_life()
    };
    let bits: [u8; 32] = ids.secret();
    let claims = WalletClaims {
        jti: ids.id(),
        wid: wallet.id,
        uid: wallet.user,
        version: caller.version,
        app: scope.app(),
        amr: born.amr,
        auth_time: born.auth_time.as_second(),
        provider: born.provider.to_owned(),
        username: known.username.clone(),
        email: known.email.clone().filter(|_| born.provider == "email"),
        address: addresses(wallet, scope.kind())?,
        mode: wallet.custody.as_str().to_owned(),
        is_permission_granted: known.consent.is_some(),
        accept_permission_page: consent_page(web, wallet.id, scope.app()),
        fam: family.map(|(family, _)| family),
        hold: born.hold,
        half: half.map(|_| URL_SAFE_NO_PAD.encode(bits)),
    };
    let token = claims.jti;
    let signed = web.tokens.sign(environment, wallet.user, claims, life, born.at);
    let signed = signed.ok_or_else(|| Failure::internal("the environment has no private signing key"))?;
    if let Some(half) = half {
        let place = place(wallet);
        let ride = |token, key: &[u8; 32], expires_at| NewHalf {
            token,
            environment,
            wallet: wallet.id,
            sealed: half.seal(key, &place, ids.entropy()),
            expires_at,
        };
        let mut halves = vec![ride(token, &bits, signed.expires_at)];
        if let Some((_, refresh)) = family {
            let ends = RefreshToken::end(born.at, RefreshToken::family_end(born.at));
            halves.push(ride(refresh.id(), &riding_key(refresh), ends));
        }
        web.instance.store.add_halves(halves).await?;
    }
    Ok(Session {
        wallet_token: signed.token,
        refresh_token: family.map(|(_, refresh)| refresh.text()),
    })
}

/// What opens the half that rides with a refresh token. It stands in the token's text, of which the store has a hash.
pub fn riding_key(token: &RefreshToken) -> [u8; 32] {
    hmac_sha256(token.text().as_bytes(), &[b"aboard-riding-half-1"])
}

/// What opens the half that rides with a wallet token.
pub fn half_of(claims: &WalletClaims, wallet: &Wallet, sealed: Option<&[u8]>) -> Option<UserHalf> {
    let bits = URL_SAFE_NO_PAD.decode(claims.half.as_deref()?).ok()?;
    UserHalf::open(bits.as_slice().try_into().ok()?, &place(wallet), sealed?).ok()
}

/// Where a wallet's sealed values stand.
pub fn place(wallet: &Wallet) -> Place {
    Place {
        environment: wallet.environment.bytes(),
        user: wallet.sealed_for.bytes(),
        wallet: wallet.id.bytes(),
    }
}

/// A wallet's columns as the vault reads them.
pub fn sealed(wallet: &Wallet) -> Result<SealedWallet, Failure> {
    SealedWallet::from_columns(wallet.key.clone(), wallet.body.clone())
        .map_err(|error| Failure::internal(format!("wallet {}: {error}", wallet.id)))
}

/// A wallet's addresses, one for each family of chains. None are shown of a wallet that waits for its secret.
pub fn addresses(wallet: &Wallet, kind: EnvironmentKind) -> Result<Vec<NetworkAddress>, Failure> {
    if wallet.pending {
        return Ok(Vec::new());
    }
    let sealed = sealed(wallet)?;
    let known = sealed.addresses();
    let one = |family: Family, address: String| NetworkAddress {
        network: family.as_str().to_owned(),
        address,
    };
    Ok(vec![
        one(Family::Evm, known.evm.to_checksum(None)),
        one(Family::Solana, known.solana.to_string()),
        one(Family::Bitcoin, known.bitcoin.address(bitcoin_network(kind))),
    ])
}

/// The one address that version 1 knows.
pub fn evm_address(addresses: &[NetworkAddress]) -> String {
    let evm = addresses.iter().find(|known| known.network == Family::Evm.as_str());
    evm.map(|known| known.address.clone()).unwrap_or_default()
}

/// The network that addresses are of: a sandbox has test money alone.
pub fn bitcoin_network(kind: EnvironmentKind) -> bitcoin::Network {
    match kind {
        EnvironmentKind::Sandbox => bitcoin::Network::Test,
        EnvironmentKind::Production => bitcoin::Network::Main,
    }
}

/// Where a person lets an app work with a wallet.
pub fn consent_page(web: &Web, wallet: WalletId, app: AppId) -> String {
    format!("{}/consent/{wallet}/{app}", web.public_url)
}
