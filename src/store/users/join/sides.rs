//! One of the two accounts of a join, as its person may see it.

use super::Row;
use crate::domain::UserId;
use crate::store::sql::params;
use crate::store::users::contacts::ContactAddress;
use crate::store::{Result, Store};

/// An e-mail or phone of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinAddress {
    /// The address.
    pub address: ContactAddress,
    /// Whether the account has proven it.
    pub verified: bool,
    /// Whether it is the address that both accounts name.
    pub is_the_one: bool,
}

/// Another way to log in to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinLogin {
    /// `username`, `google`, `apple`, `telegram` or `custody`.
    pub kind: String,
    /// The name, as it was given.
    pub shown: String,
}

/// One of the two accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinSide {
    /// Its user.
    pub user: UserId,
    /// The person's name, if known.
    pub name: Option<String>,
    /// E-mails and phones, proven or claimed.
    pub addresses: Vec<JoinAddress>,
    /// The partners that brought it.
    pub partners: Vec<String>,
    /// How many keys to it partners hold.
    pub keys: i64,
    /// Its plan.
    pub plan: Option<String>,
    /// Whether it has a wallet.
    pub wallet: bool,
    /// What logs in to it beside codes.
    pub log_ins: Vec<JoinLogin>,
    /// Whether the person has just shown that it is theirs.
    pub shown: bool,
}

/// What a side is made of.
pub(super) struct Whole {
    user: UserId,
    name: Option<String>,
    addresses: Vec<JoinAddress>,
    partners: Vec<String>,
    keys: i64,
    plan: Option<String>,
    wallet: bool,
    log_ins: Vec<JoinLogin>,
    /// Whether somebody may sign in to it, and it was not joined into another.
    pub alive: bool,
    /// The ids that were joined into it.
    pub retired: Vec<UserId>,
}

const USER: &str = "
    select account.name, account.status, plan.plan_name
    from users account left join subscriptions plan on plan.user_id = account.id
    where account.id = :user and account.environment_id = :environment";
const RETIRED: &str = "select id from user_aliases where user_id = :user";
const ADDRESSES: &str = "
    select id, kind, key, shown, state from identities
    where user_id = :user and kind in ('email', 'phone') order by kind, key, state desc, id";
const PARTNERS: &str = "
    select distinct partner.name, partner.id
    from identities link join partners partner on partner.id = link.source_id
    where link.user_id = :user and link.kind = 'partner_user' and link.source = 'partner' order by partner.name, partner.id";
const WALLET: &str = "select 1 from wallets where user_id = :user";
const LOG_INS: &str = "
    select kind, shown from identities
    where user_id = :user and kind in ('username', 'google', 'apple', 'telegram', 'custody') order by kind, key, id";
const KEYS: &str = "select count(*) from user_keys where user_id = :user and revoked_at is null";

impl Store {
    pub(super) async fn join_side(&self, known: &Row, user: UserId) -> Result<Whole> {
        let whose = params![user: user.0];
        let named = params![user: user.0, environment: known.environment.0];
        let found = self
            .one(USER, &named, |row| {
                let alive = matches!(&*row.text(1)?, "linked" | "verified");
                Ok((row.opt_text(0)?, alive, row.opt_text(2)?))
            })
            .await?;
        let (name, alive, plan) = found.unwrap_or_default();
        let mut addresses: Vec<JoinAddress> = self
            .all(ADDRESSES, &whose, |row| {
                let address = ContactAddress::read(row)?;
                Ok(JoinAddress {
                    is_the_one: (&address.kind, &address.key) == (&known.address.0, &known.address.1),
                    verified: row.text(4)? == "verified",
                    address,
                })
            })
            .await?;
        // Each address once: as proven, if it is.
        addresses.dedup_by(|next, before| {
            let (next, before) = (&next.address, &before.address);
            (&next.kind, &next.key) == (&before.kind, &before.key)
        });
        Ok(Whole {
            user,
            name,
            addresses,
            partners: self.all(PARTNERS, &whose, |row| row.text(0)).await?,
            keys: self.one(KEYS, &whose, |row| row.int(0)).await?.unwrap_or_default(),
            plan,
            wallet: self.one(WALLET, &whose, |_| Ok(())).await?.is_some(),
            log_ins: self
                .all(LOG_INS, &whose, |row| {
                    let (kind, shown) = (row.text(0)?, row.text(1)?);
                    Ok(JoinLogin { kind, shown })
                })
                .await?,
            alive,
            retired: self.all(RETIRED, &whose, |row| Ok(UserId(row.id(0)?))).await?,
        })
    }
}

impl Whole {
    pub fn side(self, shown: bool) -> JoinSide {
        JoinSide {
            user: self.user,
            name: self.name,
            addresses: self.addresses,
            partners: self.partners,
            keys: self.keys,
            plan: self.plan,
            wallet: self.wallet,
            log_ins: self.log_ins,
            shown,
        }
    }
}
