-- Which log this is: made once, and never changed but by a restore, which raises the generation.
create table identity (
    id integer primary key check (id = 1),
    log_id blob not null check (length(log_id) = 16),
    generation integer not null check (generation > 0)
) strict;

-- The log. What is hashed is kept as it was hashed: text or bytes, never a form that a database would rewrite.
create table event (
    position integer primary key,
    stream text not null,
    version integer not null,
    event_id blob not null unique check (length(event_id) = 16),
    type text not null,
    schema integer not null,
    -- 27 characters, so that text order is time order
    recorded_at text not null check (length(recorded_at) = 27),
    actor text not null,
    subject blob check (length(subject) = 16),
    key_id text,
    correlation_id blob not null check (length(correlation_id) = 16),
    causation_id blob check (length(causation_id) = 16),
    data text not null,
    personal blob check ((personal is null) = (key_id is null)),
    prev_hash blob not null check (length(prev_hash) = 32),
    hash blob not null check (length(hash) = 32),
    unique (stream, version)
) strict;

-- Where the log ends, written with every batch: a last event that is cut off shows.
create table head (
    id integer primary key check (id = 1),
    position integer not null,
    recorded_at text not null,
    hash blob not null
) strict;
insert into head values (1, 0, '1970-01-01T00:00:00.000000Z', zeroblob(32));

create trigger event_is_never_updated before update on event
begin
    select raise(abort, 'events are never changed');
end;

create trigger event_is_never_deleted before delete on event
begin
    select raise(abort, 'events are never deleted');
end;

-- Also against INSERT OR REPLACE, which deletes without asking the trigger above.
create trigger event_is_only_appended before insert on event
when new.position <> (select coalesce(max(position), 0) + 1 from event)
    or new.version <> (select coalesce(max(version), 0) + 1 from event where stream = new.stream)
    or exists (select 1 from event where event_id = new.event_id)
begin
    select raise(abort, 'events are only appended');
end;

create trigger head_is_never_deleted before delete on head
begin
    select raise(abort, 'the head is never deleted');
end;

create trigger head_only_moves_forward before update on head
when new.position <= old.position
    or new.position <> (select max(position) from event)
    or not exists (
        select 1 from event where position = new.position and hash = new.hash and recorded_at = new.recorded_at
    )
begin
    select raise(abort, 'the head only moves forward');
end;

-- Against INSERT OR REPLACE, as above.
create trigger head_is_made_once before insert on head
begin
    select raise(abort, 'the head is made once');
end;

create trigger identity_is_never_deleted before delete on identity
begin
    select raise(abort, 'the identity is never deleted');
end;
create trigger identity_is_made_once before insert on identity
when exists (select 1 from identity)
begin
    select raise(abort, 'the identity is made once');
end;
create trigger identity_keeps_its_log before update on identity
when new.log_id <> old.log_id or new.generation <= old.generation
begin
    select raise(abort, 'a log keeps its id, and its generation only rises');
end;
