-- A log that was filled from another (`desk copy-log`). As long as it is not whole nobody serves it: what is written to it
-- then would stand where the events belong that are still to come.
create table copy (
    id integer primary key check (id = 1),
    is_whole integer not null check (is_whole in (0, 1)),
    -- Up to here times rise in each stream only: several nodes wrote the log that it was filled from, and no one of them
    -- numbered it.
    times_rise_after integer not null
) strict;

create trigger copy_is_never_forgotten before delete on copy
begin
    select raise(abort, 'that a log is a copy is never forgotten');
end;
