-- The request log in blocks: a row for each request cost the writer as much as a log-in. Lines of before are dropped;
-- they were for finding out why a call failed lately.

drop table requests;

-- `lines` is a JSON array of requests in the order of their ids; none is more than ten seconds younger than the first.
create table request_blocks (
    environment_id uuid not null,
    newest_id uuid not null,
    oldest_id uuid not null,
    lines text not null,
    primary key (environment_id, newest_id)
);
