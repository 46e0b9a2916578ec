-- What external_login of a new user writes, one transaction at a time.
begin;
select nextval('bench_serial') as serial, environment_id as environment, partner_id as partner, bench_id() as id, bench_id() as idp,
    bench_id() as ide, bench_id() as idt, bench_id() as idl, bench_id() as idv from bench_scope \gset
insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at)
    values (:id, 'partner_user', :partner, :idp, :environment, 'partner', 'bench-' || :serial, 'bench-' || :serial, 'verified', now(), now())
    on conflict (source_id, kind, key) where kind not in ('email', 'phone') do nothing;
insert into users (id, environment_id, status, metadata, valid_after, created_at, updated_at)
    values (:id, :environment, 'linked', '{}', now(), now(), now());
insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at) values
    (:id, 'email', :partner, :ide, :environment, 'partner', 'bench-' || :serial || '@example.com', 'bench-' || :serial || '@example.com', 'claimed', now(), now()),
    (:id, 'phone', :partner, :idt, :environment, 'partner', '1234567890', '1234567890', 'claimed', now(), now());
insert into events (id, environment_id, type, user_id, body, created_at)
    values (:idv, :environment, 'user.created', :id, '{"type":"user.created","timestamp":"2026-01-01T00:00:00Z","data":{"user_id":"usr_00000000000000000000000000","status":"linked"}}', now());
insert into login_links (id, environment_id, partner_id, user_id, hash, created_at, expires_at)
    values (:idl, :environment, :partner, :id, sha256(:idl::text::bytea), now(), now() + interval '10 minutes');
commit;
