-- Time-ordered ids like the server's own, so that pgbench pays for the same index pages.
create sequence bench_serial;
create function bench_id() returns uuid language sql volatile as $$
    select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
        || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid
$$;
create table bench_scope as
    select environment_id, id as partner_id from partners limit 1;
