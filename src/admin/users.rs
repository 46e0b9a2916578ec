//! Users and their plans.

use anyhow::bail;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks;
use super::command::{environment, within};
use crate::domain::{SubscriptionStatus, UserId};
use crate::instance::Instance;
use crate::store::{Environment, NewSubscription};

pub async fn suspend(
    instance: &Instance,
    in_environment: &str,
    user: UserId,
    suspended: bool,
) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let (system, now) = (instance.store.system(), instance.clock.now());
    let store = &instance.store;
    if !store
        .set_suspended(system, environment.id, user, suspended, now)
        .await?
    {
        return no_such_user(&environment, user);
    }
    Ok(within(&environment, json!({ "user": user, "suspended": suspended })))
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
    in_environment: &str,
    user: UserId,
    plan: NewSubscription,
) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let (system, now) = (instance.store.system(), instance.clock.now());
    let answer = json!({
        "user": user,
        "plan": plan.plan_name,
        "status": plan.status,
        "until": plan.period_end,
        "amount": plan.next_payment_amount,
    });
    let store = &instance.store;
    if !store.set_subscription(system, environment.id, user, plan, now).await? {
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
