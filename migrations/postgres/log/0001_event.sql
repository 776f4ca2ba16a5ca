-- Names are written with their schema throughout: what a session's search path or a temporary table puts in front must
-- not reach the guards.

-- Which log this is: made once, and never changed but by a restore, which raises the generation.
create table log.identity (
    id bigint primary key check (id = 1),
    log_id bytea not null check (length(log_id) = 16),
    generation bigint not null check (generation > 0)
);

-- The log. What is hashed is kept as it was hashed: text or bytes, never a form that a database would rewrite (jsonb,
-- timestamptz). Texts that an index holds compare by byte: a new C library on the server cannot reorder them.
create table log.event (
    position bigint primary key check (position > 0),
    stream text collate "C" not null,
    version bigint not null check (version > 0),
    event_id bytea not null unique check (length(event_id) = 16),
    type text not null,
    schema bigint not null,
    -- 27 characters, so that text order is time order
    recorded_at text not null check (length(recorded_at) = 27),
    actor text not null,
    subject bytea check (length(subject) = 16),
    key_id text,
    correlation_id bytea not null check (length(correlation_id) = 16),
    causation_id bytea check (length(causation_id) = 16),
    data text not null,
    personal bytea check ((personal is null) = (key_id is null)),
    prev_hash bytea not null check (length(prev_hash) = 32),
    hash bytea not null check (length(hash) = 32),
    unique (stream, version)
);

-- Where the log ends. Its one row is also the mutex between nodes: whoever appends holds it until the commit. The low
-- fill factor lets the server clear away the versions that each batch leaves behind within the same page.
create table log.head (
    id bigint primary key check (id = 1),
    position bigint not null,
    recorded_at text not null,
    hash bytea not null
) with (fillfactor = 10);
insert into log.head values (1, 0, '1970-01-01T00:00:00.000000Z', decode(repeat('00', 32), 'hex'));

create function log.refuse() returns trigger language plpgsql as $$
begin
    raise exception using errcode = 'integrity_constraint_violation', message = tg_argv[0];
end
$$;

create trigger event_is_never_changed before update or delete or truncate on log.event
    for each statement execute function log.refuse('events are never changed and never deleted');
create trigger head_is_made_once before insert or delete or truncate on log.head
    for each statement execute function log.refuse('the head is made once and never deleted');
create trigger identity_is_never_deleted before delete or truncate on log.identity
    for each statement execute function log.refuse('the identity is never deleted');
create trigger identity_keeps_its_log before update on log.identity for each row
    when (new.log_id <> old.log_id or new.generation <= old.generation)
    execute function log.refuse('a log keeps its id, and its generation only rises');

-- Runs once per insert statement, over all its rows: they go on where the head is, without a hole, and each goes on where
-- its stream is. It moves the head itself, and so takes its row: even an insert by hand waits for its turn.
-- The predecessor is looked up by a scalar subquery, which the planner cannot turn into a scan of the whole log.
create function log.append_at_head() returns trigger language plpgsql as $$
declare
    first bigint;
    last bigint;
    inserted_rows bigint;
begin
    select min(position), max(position), count(*) into first, last, inserted_rows from inserted;
    if inserted_rows = 0 then
        return null;
    end if;
    if inserted_rows <> last - first + 1 then
        raise exception using errcode = 'integrity_constraint_violation', message = 'events are only appended, without a hole';
    end if;
    update log.head set position = i.position, recorded_at = i.recorded_at, hash = i.hash
        from inserted i where head.id = 1 and head.position = first - 1 and i.position = last;
    if not found then
        raise exception using errcode = 'integrity_constraint_violation', message = 'events are only appended at the head';
    end if;
    if exists (
        select 1 from inserted i where i.prev_hash is distinct from
            case when i.version = 1 then decode(repeat('00', 32), 'hex') else (
                select e.hash from log.event e
                where e.stream = i.stream and e.version = i.version - 1 and e.position < i.position
            ) end
    ) then
        raise exception using errcode = 'integrity_constraint_violation', message = 'events are only appended to their stream''s end';
    end if;
    return null;
end
$$;
create trigger event_is_only_appended after insert on log.event referencing new table as inserted
    for each statement execute function log.append_at_head();

-- The head is where the last event is, whoever moves it. (Any move but the one above finds it there already.)
create function log.check_head() returns trigger language plpgsql as $$
begin
    if new.position <= old.position or new.position <> (select max(position) from log.event) then
        raise exception using errcode = 'integrity_constraint_violation', message = 'the head only moves forward, with the events';
    end if;
    return new;
end
$$;
create trigger head_only_moves_forward before update on log.head
    for each row execute function log.check_head();
