//! A person shows that they hold a wallet's recovery secret.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{Wallet, select_wallet, told, wallet_row};
use crate::domain::{Uuid, WalletId};
use crate::store::scope::AppScope;
use crate::store::sql::params;
use crate::store::{Result, Store};

const LOCK: &[u8] = b"wallet";

const SECRET: &str = "
    select sealed_for, key, body from wallet_secrets
    where id = :secret and wallet_id = :wallet and environment_id = :environment";
const OPENS: &str = "
    update wallets set sealed_for = :sealed_for, key = :key, body = :body, updated_at = :now where id = :wallet";
const PROVEN: &str = "
    update wallet_secrets set proven_at = coalesce(proven_at, :now), sealed_for = null, key = null, body = null
    where id = :secret";
const OTHERS: &str = "delete from wallet_secrets where wallet_id = :wallet and id <> :secret";
const LINKS: &str = "delete from secret_links where wallet_id = :wallet";
const ACTIVE: &str = "update wallets set state = 'active', updated_at = :now where id = :wallet and state = 'pending'";
const WALLET: &str = select_wallet!(" from wallets wallet where wallet.id = :wallet");

impl Store {
    /// Notes that a person holds this secret: from now on it is the wallet's only one, the wallet is what it opens, and
    /// no file is there to be downloaded. `None` if another was proven meanwhile.
    pub async fn prove_wallet_secret(
        &self,
        scope: &AppScope,
        wallet: WalletId,
        secret: Uuid,
        now: Timestamp,
    ) -> Result<Option<Wallet>> {
        let environment = scope.environment;
        self.transact(move |tx| {
            async move {
                tx.lock(&[LOCK, &wallet.bytes()]).await?;
                let which = params![secret: secret, wallet: wallet.0, environment: environment.0];
                let older =
                    |row: &crate::store::sql::Row<'_>| Ok((row.opt_id(0)?, row.opt_bytes(1)?, row.opt_bytes(2)?));
                let whose = params![wallet: wallet.0];
                match tx.one(SECRET, &which, older).await? {
                    None => return Ok(None),
                    Some((Some(sealed_for), Some(key), Some(body))) => {
                        let opens = params![
                            sealed_for: sealed_for, key: &key[..], body: &body[..], now: now, wallet: wallet.0,
                        ];
                        tx.execute(OPENS, &opens).await?;
                    }
                    Some(_) => {}
                }
                tx.execute(PROVEN, &params![now: now, secret: secret]).await?;
                tx.execute(OTHERS, &params![wallet: wallet.0, secret: secret]).await?;
                tx.execute(LINKS, &whose).await?;
                let first = tx.execute(ACTIVE, &params![now: now, wallet: wallet.0]).await? > 0;
                let known = tx.one(WALLET, &whose, wallet_row).await?;
                if let Some(known) = known.as_ref().filter(|_| first) {
                    told::created(tx, known, false, now).await?;
                }
                Ok(known)
            }
            .boxed()
        })
        .await
    }
}
