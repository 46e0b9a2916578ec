-- Log-ins on new devices that read alone until then. `id` is the device's, which tokens name. `identity_id` is the address that
-- the log-in has proven; only one that was proven no later than `proven_before` ends the hold sooner.
create table device_holds (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    user_id blob not null,
    app_id blob not null,
    identity_id blob,
    since integer not null,
    proven_before integer not null,
    ends_at integer not null,
    lifted_at integer
) strict, without rowid;
create index device_holds_user on device_holds (user_id);
create index device_holds_end on device_holds (ends_at);
alter table token_families add column hold_id blob;

-- Codes have one more purpose.
create table challenges_again (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    app_id blob,
    user_id blob,
    purpose text not null check (purpose in ('log_in', 'confirm_contact', 'export_wallet', 'give_consent', 'change_identity', 'join_accounts', 'trust_device')),
    kind text not null check (kind in ('email', 'phone')),
    key text not null,
    shown text not null,
    code_mac blob not null check (length(code_mac) = 48),
    tries integer not null,
    wrong integer not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer,
    asked_by text not null default '',
    language text not null default 'en',
    counted text
) strict, without rowid;
insert into challenges_again (id, environment_id, app_id, user_id, purpose, kind, key, shown, code_mac, tries, wrong, created_at,
    expires_at, used_at, asked_by, language, counted)
select id, environment_id, app_id, user_id, purpose, kind, key, shown, code_mac, tries, wrong, created_at, expires_at, used_at,
    asked_by, language, counted
from challenges;
drop table challenges;
alter table challenges_again rename to challenges;
