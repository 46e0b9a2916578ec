-- Log-ins on new devices that read alone until then. `id` is the device's, which tokens name. `identity_id` is the address that
-- the log-in has proven; only one that was proven no later than `proven_before` ends the hold sooner.
create table device_holds (
    id uuid primary key,
    environment_id uuid not null,
    user_id uuid not null,
    app_id uuid not null,
    identity_id uuid,
    since timestamptz not null,
    proven_before timestamptz not null,
    ends_at timestamptz not null,
    lifted_at timestamptz
);
create index device_holds_user on device_holds (user_id);
create index device_holds_end on device_holds (ends_at);
alter table token_families add column hold_id uuid;

-- Codes have one more purpose.
alter table challenges drop constraint challenges_purpose_check;
alter table challenges add constraint challenges_purpose_check check (purpose in ('log_in', 'confirm_contact', 'export_wallet', 'give_consent', 'change_identity', 'join_accounts', 'trust_device'));
