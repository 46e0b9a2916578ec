//! What a partner says of its known users: another e-mail or phone than last time is a new claim, and a verified
//! one is never replaced.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::sql::{Prepared, Value, execute, named};
use super::super::writers::Lease;
use super::Member;
use crate::domain::UserId;
use crate::store::Result;
use crate::store::sql::Row;

// Whoever changes claims of a user does it under the lock of its row, and nobody suspends it meanwhile.
const LOCK: &str = "
    select id, status in ('linked', 'verified') from users where id = any(:user::uuid[]) order by id for no key update";
const CLAIMS: &str = "
    select claim.user_id, claim.source_id, claim.id, claim.kind, claim.key, claim.shown, claim.state, claim.updated_at
    from (select distinct user_id, partner from unnest(:user::uuid[], :partner::uuid[]) as call (user_id, partner)) call
    cross join lateral (
        select * from identities
        where user_id = call.user_id and kind in ('email', 'phone') and source_id = call.partner offset 0) claim";
const UPDATE: &str = "
    with given as (
        select * from unnest(:user::uuid[], :kind::text[], :partner::uuid[], :id::uuid[], :key::text[], :shown::text[],
            :now::timestamptz[]) as given (user_id, kind, partner, id, key, shown, now)
    )
    update identities claim set (key, shown, updated_at) = (
        select given.key, given.shown, given.now from given
        where given.user_id = claim.user_id and given.kind = claim.kind and given.partner = claim.source_id and given.id = claim.id)
    where claim.user_id = any(:user) and claim.kind = any(:kind) and claim.source_id = any(:partner) and claim.id = any(:id)";
const ADD: &str = "
    insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at)
    select user_id, kind, partner, id, environment, 'partner', key, shown, 'claimed', now, now
    from unnest(:user::uuid[], :kind::text[], :partner::uuid[], :id::uuid[], :key::text[], :shown::text[], :now::timestamptz[],
        :environment::uuid[]) as given (user_id, kind, partner, id, key, shown, now, environment)";

struct Claim {
    user: Uuid,
    partner: Uuid,
    id: Uuid,
    kind: String,
    key: String,
    shown: String,
    claimed: bool,
    updated_at: Timestamp,
    change: Change,
}

#[derive(Clone, Copy, PartialEq)]
enum Change {
    None,
    Update,
    /// A new row of this environment.
    Add(Uuid),
}

/// Brings the claims of users up to what the members say, one member after the other. Suspended users stay as
/// they are.
pub async fn refresh(lease: &Lease, calls: &[(UserId, &Member)]) -> Result<()> {
    let (lock, load) = (Prepared::on(lease, LOCK).await?, Prepared::on(lease, CLAIMS).await?);
    let users: Vec<_> = calls.iter().map(|(user, _)| user.0).collect();
    let partners: Vec<_> = calls.iter().map(|(_, member)| member.scope.partner().0).collect();
    let (users, pairs) = (named![user: users], named![user: users, partner: partners]);
    // The claims are read by a statement of its own: it begins when the locks are held.
    let (locked, loaded) = tokio::join!(lock.query(lease, &users), load.query(lease, &pairs));
    let mut active = Vec::new();
    for row in locked?.iter().map(Row::Postgres) {
        if row.boolean(1)? {
            active.push(row.id(0)?);
        }
    }
    let mut claims = loaded?
        .iter()
        .map(|row| claim(&Row::Postgres(row)))
        .collect::<Result<Vec<_>>>()?;
    for (user, member) in calls.iter().filter(|(user, _)| active.contains(&user.0)) {
        let (email, phone) = (&member.call.email, &member.call.phone);
        let email = Given {
            kind: "email",
            id: member.call.email_identity.0,
            key: email.key(),
            shown: email.shown(),
        };
        let phone = Given {
            kind: "phone",
            id: member.call.phone_identity.0,
            key: phone.key(),
            shown: phone.shown(),
        };
        say(&mut claims, user.0, member, &email);
        say(&mut claims, user.0, member, &phone);
    }
    store(lease, &claims).await
}

fn claim(row: &Row<'_>) -> Result<Claim> {
    Ok(Claim {
        user: row.id(0)?,
        partner: row.id(1)?,
        id: row.id(2)?,
        kind: row.text(3)?,
        key: row.text(4)?,
        shown: row.text(5)?,
        claimed: row.text(6)? == "claimed",
        updated_at: row.time(7)?,
        change: Change::None,
    })
}

/// An e-mail or phone as a member gives it.
struct Given<'a> {
    kind: &'static str,
    /// The row's id, if it becomes a new one.
    id: Uuid,
    key: &'a str,
    shown: &'a str,
}

/// Changes the claims to what a member says, as the rule of `sqlite/partner_users.rs` has it.
fn say(claims: &mut Vec<Claim>, user: Uuid, member: &Member, given: &Given<'_>) {
    let partner = member.scope.partner().0;
    let mut known: Vec<_> = claims
        .iter_mut()
        .filter(|claim| claim.user == user && claim.partner == partner && claim.kind == given.kind)
        .collect();
    known.sort_by_key(|claim| (claim.updated_at, claim.id));
    if known
        .last()
        .is_some_and(|claim| claim.key == given.key && claim.shown == given.shown)
    {
        return;
    }
    let same = known.iter().position(|claim| claim.key == given.key);
    let target = same.or_else(|| known.iter().position(|claim| claim.claimed));
    if let Some(claim) = target.map(|at| &mut known[at]) {
        given.key.clone_into(&mut claim.key);
        given.shown.clone_into(&mut claim.shown);
        claim.updated_at = member.call.now;
        if claim.change == Change::None {
            claim.change = Change::Update;
        }
    } else {
        claims.push(Claim {
            user,
            partner,
            id: given.id,
            kind: given.kind.to_owned(),
            key: given.key.to_owned(),
            shown: given.shown.to_owned(),
            claimed: true,
            updated_at: member.call.now,
            change: Change::Add(member.scope.environment().0),
        });
    }
}

async fn store(lease: &Lease, claims: &[Claim]) -> Result<()> {
    let updated: Vec<_> = claims.iter().filter(|claim| claim.change == Change::Update).collect();
    if !updated.is_empty() {
        write(lease, UPDATE, &updated, None).await?;
    }
    let added = |claim| match claim {
        &Claim {
            change: Change::Add(environment),
            ..
        } => Some((claim, environment)),
        _ => None,
    };
    let (added, environments): (Vec<_>, Vec<_>) = claims.iter().filter_map(added).unzip();
    if !added.is_empty() {
        write(lease, ADD, &added, Some(environments)).await?;
    }
    Ok(())
}

async fn write(lease: &Lease, sql: &'static str, claims: &[&Claim], environments: Option<Vec<Uuid>>) -> Result<u64> {
    let rows = named![
        user: claims.iter().map(|claim| claim.user).collect::<Vec<_>>(),
        kind: claims.iter().map(|claim| &*claim.kind).collect::<Vec<_>>(),
        partner: claims.iter().map(|claim| claim.partner).collect::<Vec<_>>(),
        id: claims.iter().map(|claim| claim.id).collect::<Vec<_>>(),
        key: claims.iter().map(|claim| &*claim.key).collect::<Vec<_>>(),
        shown: claims.iter().map(|claim| &*claim.shown).collect::<Vec<_>>(),
        now: claims.iter().map(|claim| claim.updated_at).collect::<Vec<_>>(),
    ];
    let environments = environments.as_ref().map(|ids| (":environment", ids as Value<'_>));
    let params: Vec<_> = rows.into_iter().chain(environments).collect();
    execute(lease, sql, &params).await
}
