-- expand: 64 gates a contest in place of 16, so that more batches than 16 can be recorded at once, on many nodes
insert into gates (contest, number, revision)
select id, number, revision from contests, generate_series(16, 63) as number
on conflict do nothing;
