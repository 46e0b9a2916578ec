//! Users, their erasure and their plans.

use anyhow::bail;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks;
use super::command::{environment, within};
use crate::domain::{Email, EventId, PartnerUserId, Phone, SubscriptionStatus, UserId};
use crate::instance::Instance;
use crate::resource;
use crate::store::{Environment, NewSubscription, UserFilter};

/// The environment that a person named, or else the one that the user is in: ids are nobody else's.
pub(super) async fn place_of(instance: &Instance, named: Option<&str>, user: UserId) -> anyhow::Result<Environment> {
    if let Some(named) = named {
        return environment(instance, named).await;
    }
    let store = &instance.store;
    match store.environment_of_user(store.system(), user).await? {
        Some(of) => environment(instance, &of.to_string()).await,
        None => bail!("there is no user {user} in any environment; check the id, and --data or --database"),
    }
}

pub async fn suspend(
    instance: &Instance,
    in_environment: Option<&str>,
    user: UserId,
    suspended: bool,
) -> anyhow::Result<Value> {
    let environment = place_of(instance, in_environment, user).await?;
    let (admin, now) = (instance.admin(), instance.clock.now());
    let store = &instance.store;
    if !store
        .set_suspended(&admin, environment.id, user, suspended, now)
        .await?
    {
        return no_such_user(&environment, user);
    }
    Ok(within(&environment, json!({ "user": user, "suspended": suspended })))
}

/// Which users a person asks for.
pub fn filter(email: Option<String>, phone: Option<String>, external_id: Option<String>) -> anyhow::Result<UserFilter> {
    let wrong = |argument: &'static str| move |wrong: crate::domain::Invalid| anyhow::anyhow!("{argument}: {wrong}");
    Ok(UserFilter {
        email: email
            .map(|text| Email::parse(&text))
            .transpose()
            .map_err(wrong("--email"))?,
        phone: phone
            .map(|text| Phone::parse_e164(&text))
            .transpose()
            .map_err(wrong("--phone"))?,
        external_id: external_id
            .map(PartnerUserId::parse)
            .transpose()
            .map_err(wrong("--external-id"))?,
    })
}

pub async fn list(
    instance: &Instance,
    in_environment: &str,
    filter: UserFilter,
    limit: u32,
    after: Option<UserId>,
) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let scope = instance.store.system().users_of(environment.id);
    let page = instance.store.users(scope, &filter, after, limit).await?;
    let users: Vec<Value> = page.users.iter().map(|user| resource::user(user).into()).collect();
    Ok(within(&environment, json!({ "users": users, "next": page.next })))
}

pub async fn show(instance: &Instance, in_environment: Option<&str>, user: UserId) -> anyhow::Result<Value> {
    let environment = place_of(instance, in_environment, user).await?;
    let scope = instance.store.system().users_of(environment.id);
    let store = &instance.store;
    let Some(user) = store.user(scope, user).await? else {
        return no_such_user(&environment, user);
    };
    let wallet = store.wallet_of_user(scope, user.id).await?;
    let mut shown: Value = resource::user(&user).into();
    shown["wallet"] = wallet.map_or(Value::Null, |wallet| {
        json!({
            "wallet_id": wallet.id,
            "custody": wallet.custody.as_str(),
            "pending": wallet.pending,
            "frozen": wallet.frozen,
        })
    });
    Ok(within(&environment, shown))
}

/// Erases a user; a second time there is none.
pub async fn erase(instance: &Instance, in_environment: Option<&str>, user: UserId) -> anyhow::Result<Value> {
    let environment = place_of(instance, in_environment, user).await?;
    let scope = instance.store.system().users_of(environment.id);
    let event = EventId(instance.ids.id());
    let store = &instance.store;
    match store
        .erase_user(scope, &instance.admin(), user, event, instance.clock.now())
        .await?
    {
        Some(erased) => Ok(within(&environment, json!({ "user": erased, "erased": true }))),
        None => no_such_user(&environment, user),
    }
}

/// A plan from what a person typed.
pub fn plan(
    name: String,
    status: SubscriptionStatus,
    until: Timestamp,
    amount: Option<String>,
) -> anyhow::Result<NewSubscription> {
    if checks::name(&name).is_err() {
        bail!("--plan: write a name of 1 to 100 characters on one line");
    }
    Ok(NewSubscription {
        plan_name: name,
        status,
        period_end: until,
        next_payment_amount: amount.map(checks::amount).transpose()?,
    })
}

pub async fn subscribe(
    instance: &Instance,
    in_environment: Option<&str>,
    user: UserId,
    plan: NewSubscription,
) -> anyhow::Result<Value> {
    let environment = place_of(instance, in_environment, user).await?;
    let (admin, now) = (instance.admin(), instance.clock.now());
    let answer = json!({
        "user": user,
        "plan": plan.plan_name,
        "status": plan.status,
        "until": plan.period_end,
        "amount": plan.next_payment_amount,
    });
    let store = &instance.store;
    if !store.set_subscription(&admin, environment.id, user, plan, now).await? {
        return no_such_user(&environment, user);
    }
    Ok(within(&environment, answer))
}

fn no_such_user(environment: &Environment, user: UserId) -> anyhow::Result<Value> {
    bail!(
        "there is no user {user} in the {} of {}; check the id and --environment",
        environment.kind.as_str(),
        environment.organization_name
    )
}
