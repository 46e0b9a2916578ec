-- What embedded_check_user reads.
\set number random(1, 100000)
select claim.shown, plan.status, plan.period_end, claim.updated_at, claim.id
from identities link
join identities claim on claim.user_id = link.user_id and claim.kind = 'email' and claim.source_id = link.source_id
left join subscriptions plan on plan.user_id = link.user_id
where link.source_id = (select partner_id from bench_scope) and link.kind = 'partner_user' and link.kind not in ('email', 'phone')
    and link.key = 'seed-' || :number and link.environment_id = (select environment_id from bench_scope);
