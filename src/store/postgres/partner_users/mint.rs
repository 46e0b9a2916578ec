//! Log-ins as two statements that share a round trip: one creates the users that are new, one mints the links of
//! all that are known as they say. Whoever brings another e-mail or phone goes a longer way.

use std::collections::HashSet;

use uuid::Uuid;

use super::super::sql::{Prepared, named};
use super::super::writers::Lease;
use super::Member;
use super::claims::refresh;
use crate::domain::UserId;
use crate::store::sql::Row;
use crate::store::{Result, StoreError};

/// What became of a member.
#[derive(Clone, Copy)]
pub enum Minted {
    Link { user: UserId, created: bool },
    Suspended,
}

// The identity that the partner names decides who is new. Its rows are inserted in the order of their keys, so that
// two batches with the same users never wait for each other; one waits, and finds the users of the other.
const CREATE: &str = "
    with call as (
        select * from unnest(:now::timestamptz[], :environment::uuid[], :partner::uuid[], :name::text[], :user::uuid[],
            :wrapp_user::uuid[], :email_id::uuid[], :email_key::text[], :email_shown::text[], :phone_id::uuid[], :phone_key::text[],
            :phone_shown::text[], :event::uuid[], :event_body::bytea[], :delivery::uuid[], :url::text[], :secret::uuid[],
            :sealed_body::bytea[], :user_key::uuid[], :user_key_hash::bytea[], :user_key_hint::text[])
            with ordinality as call (now, environment, partner, name, user_id, wrapp_user, email_id, email_key, email_shown,
                phone_id, phone_key, phone_shown, event, event_body, delivery, url, secret, sealed_body, user_key, user_key_hash,
                user_key_hint, n)
    ), won as (
        insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at)
        select user_id, 'partner_user', partner, wrapp_user, environment, 'partner', name, name, 'verified', now, now
        from call order by n
        on conflict (source_id, kind, key) where kind not in ('email', 'phone') do nothing
        returning id
    ), newcomer as materialized (
        select call.* from call join won on won.id = call.wrapp_user
    ), accounts as (
        insert into users (id, environment_id, status, metadata, valid_after, created_at, updated_at)
        select user_id, environment, 'linked', '{}', to_timestamp(0), now, now from newcomer
    ), claims as (
        insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at)
        select user_id, 'email', partner, email_id, environment, 'partner', email_key, email_shown, 'claimed', now, now from newcomer
        union all
        select user_id, 'phone', partner, phone_id, environment, 'partner', phone_key, phone_shown, 'claimed', now, now from newcomer
    ), happened as (
        insert into events (id, environment_id, type, user_id, body, created_at)
        select event, environment, 'user.created', user_id, event_body, now from newcomer order by n
    ), keys as (
        insert into user_keys (id, environment_id, user_id, partner_id, hash, hint, created_at)
        select user_key, environment, user_id, partner, user_key_hash, user_key_hint, now from newcomer where delivery is not null
    ), told as (
        insert into deliveries (id, environment_id, event_id, event_type, url, header_set, secret_id, user_key_id, sealed_body,
            state, attempts, created_at)
        select delivery, environment, event, 'user.created', url, 'partner', secret, user_key, sealed_body, 'pending', 0, now
        from newcomer where delivery is not null
    ), planned as (
        insert into jobs (id, environment_id, kind, due_at, attempts, created_at)
        select delivery, environment, 'delivery', now, 0, now from newcomer where delivery is not null
    )
    select wrapp_user from newcomer";
// The newest claim of each kind says whether the partner still says the same.
const LINK: &str = "
    with owner as materialized (
        select call.*, link.user_id,
            (select account.status in ('linked', 'verified') from users account where account.id = link.user_id) as active,
            (:refreshed or (
                coalesce((
                    select claim.key = call.email_key and claim.shown = call.email_shown from identities claim
                    where claim.user_id = link.user_id and claim.kind = 'email' and claim.source_id = call.partner
                    order by claim.updated_at desc, claim.id desc limit 1), false)
                and coalesce((
                    select claim.key = call.phone_key and claim.shown = call.phone_shown from identities claim
                    where claim.user_id = link.user_id and claim.kind = 'phone' and claim.source_id = call.partner
                    order by claim.updated_at desc, claim.id desc limit 1), false))) as fresh
        from unnest(:environment::uuid[], :partner::uuid[], :name::text[], :email_key::text[], :email_shown::text[],
            :phone_key::text[], :phone_shown::text[], :id::uuid[], :hash::bytea[], :state::text[], :code_challenge::text[],
            :return_url::text[], :now::timestamptz[], :expires_at::timestamptz[])
            with ordinality as call (environment, partner, name, email_key, email_shown, phone_key, phone_shown, id, hash, state,
                code_challenge, return_url, now, expires_at, n)
        cross join lateral (
            select link.user_id from identities link
            where link.source_id = call.partner and link.kind = 'partner_user' and link.key = call.name
                and link.environment_id = call.environment
            limit 1) link
    ), minted as (
        insert into login_links (id, environment_id, partner_id, user_id, hash, state, code_challenge, return_url, created_at,
            expires_at)
        select id, environment, partner, user_id, hash, state, code_challenge, return_url, now, expires_at
        from owner where active and fresh
    )
    select n, user_id, active, fresh from owner";

/// Runs the members inside the transaction of the lease, and answers them in their order.
pub async fn mint(lease: &Lease, members: &[Member]) -> Result<Vec<Minted>> {
    let (create, link) = (Prepared::on(lease, CREATE).await?, Prepared::on(lease, LINK).await?);
    let all: Vec<_> = members.iter().collect();
    let (created, owners) = tokio::join!(create_new(lease, &create, &all), link_known(lease, &link, &all, false));
    let (created, mut owners) = (created?, owners?);

    let stale = |owner: &Option<Owner>| {
        owner
            .as_ref()
            .filter(|owner| owner.active && !owner.fresh)
            .map(|owner| owner.user)
    };
    let stale: Vec<_> = owners
        .iter()
        .enumerate()
        .filter_map(|(at, owner)| Some((at, stale(owner)?)))
        .collect();
    if !stale.is_empty() {
        let calls: Vec<_> = stale.iter().map(|(at, user)| (*user, &members[*at])).collect();
        refresh(lease, &calls).await?;
        let again: Vec<_> = calls.iter().map(|(_, member)| *member).collect();
        for ((at, _), owner) in stale.iter().zip(link_known(lease, &link, &again, true).await?) {
            owners[*at] = owner;
        }
    }

    let minted = |(member, owner): (&Member, Option<Owner>)| match owner {
        Some(Owner { active: false, .. }) => Ok(Minted::Suspended),
        Some(Owner { user, .. }) => {
            let created = created.contains(&member.call.wrapp_user.0);
            Ok(Minted::Link { user, created })
        }
        None => Err(StoreError::Fault("a user went away while it was logged in".to_owned())),
    };
    members.iter().zip(owners).map(minted).collect()
}

/// Creates the users that nobody has created yet; answers the identity rows that were new.
async fn create_new(lease: &Lease, create: &Prepared, members: &[&Member]) -> Result<HashSet<Uuid>> {
    let mut members = members.to_vec();
    members.sort_by_key(|member| (member.scope.partner(), member.call.partner_user_id.as_str()));
    let calls = || members.iter().map(|member| &member.call);
    let webhooks = || calls().map(|call| call.webhook.as_ref());
    let user_keys = || webhooks().map(|webhook| webhook.map(|webhook| &webhook.user_key));
    let params = named![
        now: calls().map(|call| call.now).collect::<Vec<_>>(),
        environment: members.iter().map(|member| member.scope.environment().0).collect::<Vec<_>>(),
        partner: members.iter().map(|member| member.scope.partner().0).collect::<Vec<_>>(),
        name: calls().map(|call| call.partner_user_id.as_str()).collect::<Vec<_>>(),
        user: calls().map(|call| call.user.0).collect::<Vec<_>>(),
        wrapp_user: calls().map(|call| call.wrapp_user.0).collect::<Vec<_>>(),
        email_id: calls().map(|call| call.email_identity.0).collect::<Vec<_>>(),
        email_key: calls().map(|call| call.email.key()).collect::<Vec<_>>(),
        email_shown: calls().map(|call| call.email.shown()).collect::<Vec<_>>(),
        phone_id: calls().map(|call| call.phone_identity.0).collect::<Vec<_>>(),
        phone_key: calls().map(|call| call.phone.key()).collect::<Vec<_>>(),
        phone_shown: calls().map(|call| call.phone.shown()).collect::<Vec<_>>(),
        event: calls().map(|call| call.event.0).collect::<Vec<_>>(),
        event_body: calls().map(|call| &call.event_body[..]).collect::<Vec<_>>(),
        delivery: webhooks().map(|webhook| webhook.map(|webhook| webhook.delivery.0)).collect::<Vec<_>>(),
        url: webhooks().map(|webhook| webhook.map(|webhook| webhook.url.as_str())).collect::<Vec<_>>(),
        secret: webhooks().map(|webhook| webhook.map(|webhook| webhook.secret.0)).collect::<Vec<_>>(),
        sealed_body: webhooks().map(|webhook| webhook.map(|webhook| &webhook.sealed_body[..])).collect::<Vec<_>>(),
        user_key: user_keys().map(|key| key.map(|key| key.id.0)).collect::<Vec<_>>(),
        user_key_hash: user_keys().map(|key| key.map(|key| &key.hash[..])).collect::<Vec<_>>(),
        user_key_hint: user_keys().map(|key| key.map(|key| key.hint.as_str())).collect::<Vec<_>>(),
    ];
    let rows = create.query(lease, &params).await?;
    rows.iter().map(|row| Row::Postgres(row).id(0)).collect()
}

/// Whose name a member gave.
struct Owner {
    user: UserId,
    active: bool,
    /// Whether the claims are as the member says, and the link is minted (unless the user is suspended).
    fresh: bool,
}

/// Mints the links of the users that are known; `refreshed` says that their claims need not be compared.
async fn link_known(
    lease: &Lease,
    link: &Prepared,
    members: &[&Member],
    refreshed: bool,
) -> Result<Vec<Option<Owner>>> {
    let calls = || members.iter().map(|member| &member.call);
    let links = || calls().map(|call| &call.link);
    let params = named![
        environment: members.iter().map(|member| member.scope.environment().0).collect::<Vec<_>>(),
        partner: members.iter().map(|member| member.scope.partner().0).collect::<Vec<_>>(),
        name: calls().map(|call| call.partner_user_id.as_str()).collect::<Vec<_>>(),
        email_key: calls().map(|call| call.email.key()).collect::<Vec<_>>(),
        email_shown: calls().map(|call| call.email.shown()).collect::<Vec<_>>(),
        phone_key: calls().map(|call| call.phone.key()).collect::<Vec<_>>(),
        phone_shown: calls().map(|call| call.phone.shown()).collect::<Vec<_>>(),
        refreshed: refreshed,
        id: links().map(|link| link.id.0).collect::<Vec<_>>(),
        hash: links().map(|link| &link.hash[..]).collect::<Vec<_>>(),
        state: links().map(|link| link.state.as_deref()).collect::<Vec<_>>(),
        code_challenge: links().map(|link| link.code_challenge.as_deref()).collect::<Vec<_>>(),
        return_url: links().map(|link| link.return_url.as_deref()).collect::<Vec<_>>(),
        now: calls().map(|call| call.now).collect::<Vec<_>>(),
        expires_at: links().map(|link| link.expires_at).collect::<Vec<_>>(),
    ];
    let mut owners: Vec<_> = members.iter().map(|_| None).collect();
    for row in link.query(lease, &params).await?.iter().map(Row::Postgres) {
        let at = usize::try_from(row.int(0)? - 1).ok();
        if let Some(owner) = at.and_then(|at| owners.get_mut(at)) {
            *owner = Some(Owner {
                user: UserId(row.id(1)?),
                active: row.boolean(2)?,
                fresh: row.boolean(3)?,
            });
        }
    }
    Ok(owners)
}
