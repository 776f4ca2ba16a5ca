-- Data keys, wrapped by the master key. A destroyed key keeps its row, without the key: the tombstone.
create table data_key (
    key_id text primary key,
    subject blob not null check (length(subject) = 16),
    wrapped blob,
    created_at text not null,
    destroyed_at text,
    check ((wrapped is null) = (destroyed_at is not null))
) strict;
create index data_key_by_subject on data_key (subject);

-- Subjects that were erased: they get no new keys.
create table erased_subject (
    subject blob primary key check (length(subject) = 16),
    erased_at text not null
) strict;

create trigger data_key_is_never_deleted before delete on data_key
begin
    select raise(abort, 'keys are destroyed, their rows stay');
end;
create trigger a_destroyed_key_never_comes_back before update on data_key
when old.wrapped is null and new.wrapped is not null
begin
    select raise(abort, 'a destroyed key never comes back');
end;
create trigger erased_subject_is_never_deleted before delete on erased_subject
begin
    select raise(abort, 'an erasure is for good');
end;
