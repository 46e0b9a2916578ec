//! Whether a wallet may sign something: the environment's settings and the app's policy, before the key is opened.

use super::super::bearer::ended_meanwhile;
use super::Operation;
use crate::domain::policy::{Action, Operation as Kind, Policy, Refusal};
use crate::domain::{Code, ConsentScope};
use crate::store::{WalletUse, WalletUsed};
use crate::web::{Failure, Web};

/// That something was let through: no key is opened without one. It is of one action, and good for one signature.
#[must_use]
pub struct Permit(());

impl Operation {
    /// Decides on what was parsed, counts what it spends, and notes the use of the key; all of it durable before the key
    /// is opened. 403 with the rule that refuses it.
    pub async fn permit(&self, web: &Web, action: &Action) -> Result<Permit, Failure> {
        self.let_in.must_not_be_held()?;
        let needs = match action.operation() {
            Kind::Message => ConsentScope::Sign,
            // A document can be a permit, which moves tokens as a transaction does.
            Kind::TypedData | Kind::Transaction | Kind::Authorization | Kind::Hash => ConsentScope::Send,
        };
        if !self.let_in.usable.consent.is_some_and(|scopes| scopes.allow(needs)) {
            return Err(self.asks_consent.clone());
        }
        self.must_fit_settings(web, action)?;
        let policy = match &self.let_in.usable.policy {
            None => Policy::default(),
            Some(text) => Policy::parse(text).map_err(|_| {
                let why = "The app's policy was written for a later release and cannot be read by this one.";
                Failure::new(Code::PolicyRefused).saying(why)
            })?,
        };
        let refused = |refusal: Refusal| Failure::new(Code::PolicyRefused).saying(refusal.to_string());
        let spends = policy.decide(action).map_err(refused)?;
        let app = self.caller.app.scope.app();
        let key_use = WalletUse {
            wallet: self.wallet.id,
            environment: self.wallet.environment,
            user: self.wallet.user,
            app,
            let_in: Some(self.let_in.by(needs)),
            operation: action.operation().as_str(),
            network: Some(action.network().to_owned()),
            spends,
            call: self.let_in.call(),
        };
        let instance = &web.instance;
        let by = instance.admin_as(&format!("app {app}"));
        match instance.store.use_wallet(&by, key_use, instance.clock.now()).await? {
            WalletUsed::Noted => Ok(Permit(())),
            WalletUsed::Over { whose, asset, seconds } => Err(refused(Refusal::over_in_time(whose, &asset, seconds))),
            WalletUsed::Ended => Err(ended_meanwhile()),
        }
    }

    fn must_fit_settings(&self, web: &Web, action: &Action) -> Result<(), Failure> {
        let settings = self.settings(web);
        if action.operation() == Kind::Hash && !settings.wallets.sign_hash {
            let why = "Bare hashes are not signed here: nothing tells what they stand for. Sign a message, typed data or a transaction, or switch it on with `aboard settings set wallets.sign_hash true`.";
            return Err(Failure::new(Code::Forbidden).saying(why));
        }
        let forbidden = |(chain, contract): &&(u64, _)| !settings.wallets.allow_delegate(*chain, *contract);
        if let Some((chain, contract)) = action.delegations().iter().find(forbidden) {
            let why = format!(
                "The rules here do not let accounts be delegated to {contract} on chain {chain}: it is not in `wallets.delegates`."
            );
            return Err(Failure::new(Code::Forbidden).saying(why));
        }
        Ok(())
    }
}
