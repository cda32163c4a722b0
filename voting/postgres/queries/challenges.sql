-- name: spend
insert into spent_challenges (contest, challenge, expires_at)
values ($1, $2, $3)
on conflict do nothing
returning 1;

-- name: sweep
-- An hour past its end a challenge is refused for its age, so its row is no longer needed.
delete from spent_challenges where expires_at < now() - interval '1 hour';
