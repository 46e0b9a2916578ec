-- A hundred thousand users to select from.
with made as (select bench_id() as id, number from generate_series(1, 100000) number),
scope as (select environment_id, partner_id from bench_scope),
names as (
    insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at)
    select made.id, 'partner_user', partner_id, bench_id(), environment_id, 'partner', 'seed-' || number, 'seed-' || number, 'verified', now(), now()
    from made, scope
)
insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at)
select made.id, 'email', partner_id, bench_id(), environment_id, 'partner', number || '@example.com', number || '@example.com', 'claimed', now(), now()
from made, scope;
analyze identities;
