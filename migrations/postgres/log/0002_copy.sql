-- A log that was filled from another (`desk copy-log`). As long as it is not whole nobody serves it: what is written to it
-- then would stand where the events belong that are still to come.
create table log.copy (
    id bigint primary key check (id = 1),
    is_whole boolean not null,
    -- Up to here times rise in each stream only: several nodes wrote the log that it was filled from, and no one of them
    -- numbered it.
    times_rise_after bigint not null
);

create trigger copy_is_never_forgotten before delete or truncate on log.copy
    for each statement execute function log.refuse('that a log is a copy is never forgotten');
