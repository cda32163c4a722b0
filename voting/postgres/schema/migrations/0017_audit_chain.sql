-- expand: the audit log is a chain of hashes, and only the database extends it
-- As json, the details keep their text byte for byte: a hash depends on it.
alter table audit_log alter column details type json using details::json;
-- The order of the commits, without gaps; `id` has a gap for each act that was rolled back.
alter table audit_log add column seq bigint, add column hash bytea;

-- One row: the last record. Its lock puts acts that commit at the same time in order.
create table audit_head (
    only_row boolean primary key default true check (only_row),
    seq bigint not null,
    hash bytea not null
);

-- SHA-256 of the hash before and the record as a JSON array; voting/domain/audit_chain.py computes the same.
create function audit_hash(previous bytea, record audit_log) returns bytea language sql stable as $$
    select sha256(previous || convert_to(json_build_array(
        record.seq,
        to_char(record.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        record.actor,
        record.action,
        record.contest,
        record.details
    )::text, 'UTF8'))
$$;

-- Records from before there was a chain, in the order of their ids.
do $$
declare
    record audit_log;
    head audit_head := row(true, 0, sha256('voting audit log v1'));
begin
    for record in select * from audit_log order by id loop
        record.seq := head.seq + 1;
        head.hash := audit_hash(head.hash, record);
        head.seq := record.seq;
        update audit_log set seq = head.seq, hash = head.hash where id = record.id;
    end loop;
    insert into audit_head values (head.*);
end $$;

alter table audit_log alter column seq set not null, alter column hash set not null, add unique (seq);

-- With the rights of the tables' owner: the application can add a record, but choose neither its place nor its hash.
create function chain_audit_record() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
declare
    head audit_head;
begin
    select * into strict head from audit_head for update;
    new.at := transaction_timestamp();
    new.seq := head.seq + 1;
    new.hash := audit_hash(head.hash, new);
    update audit_head set seq = new.seq, hash = new.hash;
    return new;
end $$;
revoke execute on function chain_audit_record() from public;
create trigger chain_audit_record before insert on audit_log for each row execute function chain_audit_record();
