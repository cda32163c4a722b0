-- name: store_file
insert into log_files (sha256, body) values (encode(sha256($1), 'hex'), $1) on conflict do nothing;

-- name: file
select body from log_files where sha256 = $1;

-- name: seals
select day, salt, raw from log_seals where contest = $1 order by day;

-- name: tile_hashes
-- Of every full tile.
select level, number, encode(sha256(body), 'hex') as sha256 from log_tiles where contest = $1;

-- name: outside
-- Picks by entry of ballots that are tallied apart, and of those from before the log.
select entry, count(*) filter (where apart) as apart, count(*) filter (where parts is null) as unlogged
from ballots join batches on batches.contest = ballots.contest and batches.id = ballots.batch
cross join unnest(picks) as picked (entry)
where ballots.contest = $1 and (apart or parts is null)
group by entry;

-- name: insert
insert into bundles (contest, number, size, checkpoint, cosigned, manifest, certificate)
select $1, $2, size, checkpoint, case when cosigned_at = signed_at then cosigned end, $3, $4
from logs where contest = $1;

-- name: select
-- The one of this number, or the newest.
select number, size, checkpoint, cosigned, manifest, certificate from bundles
where contest = $1 and ($2::integer is null or number = $2) order by number desc limit 1;

-- name: store_signature
insert into certificate_signatures (contest, number, name, line) values ($1, $2, $3, $4) on conflict do nothing;

-- name: signatures
select name, line from certificate_signatures where contest = $1 and number = $2 order by name collate "C";

-- name: want_days
-- A checkpoint of each day that was sealed.
insert into time_stamps (contest, name, body)
select contest, to_char(sealed_on, 'YYYY-MM-DD') || '.checkpoint', checkpoint
from logs where sealed_on is not null and frozen is null
on conflict do nothing;

-- name: want_certificates
-- Each certificate, and once two persons have signed it, with their signatures.
insert into time_stamps (contest, name, body)
select contest, 'certificate-' || number || '.txt', certificate from bundles
union all
select bundles.contest, 'certificate-' || bundles.number,
    bundles.certificate || E'\n' || string_agg(line, '' order by name collate "C")
from bundles
join certificate_signatures signed on signed.contest = bundles.contest and signed.number = bundles.number
group by bundles.contest, bundles.number
having count(*) >= 2
on conflict (contest, name) do update set body = excluded.body, answer = null, stamped_at = null
where time_stamps.body <> excluded.body;

-- name: unstamped
select contest, name, body from time_stamps where answer is null order by wanted_at, name limit 100;

-- name: store_stamp
update time_stamps set answer = $4, authority = $3, stamped_at = clock_timestamp()
where contest = $1 and name = $2 and body = $5;

-- name: stamps
select name, body, answer, stamped_at from time_stamps where contest = $1 and answer is not null order by name;
