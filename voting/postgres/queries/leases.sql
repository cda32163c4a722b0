-- name: take
insert into leases (name, holder, until)
values ($1, $2, clock_timestamp() + make_interval(secs => $3))
on conflict (name) do update set holder = excluded.holder, until = excluded.until
where leases.holder = excluded.holder or leases.until < clock_timestamp()
returning 1;

-- name: hold
-- Under a share lock: nobody else can take it before the transaction has ended.
select 1 from leases where name = $1 and holder = $2 and until > clock_timestamp() for share;

-- name: give_back
delete from leases where name = $1 and holder = $2;

-- name: take_turn
-- The row's lock is what counts; nobody holds the lease.
insert into leases (name, holder, until) values ($1, gen_random_uuid(), clock_timestamp())
on conflict (name) do update set until = excluded.until;
