-- Data keys, wrapped by the master key. A destroyed key keeps its row, without the key: the tombstone.
create table data_key (
    key_id text primary key,
    subject bytea not null check (length(subject) = 16),
    wrapped bytea,
    created_at text not null,
    destroyed_at text,
    check ((wrapped is null) = (destroyed_at is not null))
);
create index data_key_by_subject on data_key (subject);

-- Subjects that were erased: they get no new keys.
create table erased_subject (
    subject bytea primary key check (length(subject) = 16),
    erased_at text not null
);

create function refuse_key_change() returns trigger language plpgsql as $$
begin
    raise exception 'a destroyed key never comes back, and its row stays';
end
$$;
create trigger data_key_is_never_deleted before delete on data_key
    for each row execute function refuse_key_change();
create trigger a_destroyed_key_never_comes_back before update on data_key
    for each row when (old.wrapped is null and new.wrapped is not null) execute function refuse_key_change();
create trigger erased_subject_is_never_deleted before delete on erased_subject
    for each row execute function refuse_key_change();
create trigger data_key_is_never_truncated before truncate on data_key
    for each statement execute function refuse_key_change();
create trigger erased_subject_is_never_truncated before truncate on erased_subject
    for each statement execute function refuse_key_change();
