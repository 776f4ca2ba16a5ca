-- Who could not sign in. The subject is a hash: of an account's id, or of a network address.
create table sign_in_failure (
    subject blob primary key,
    -- In a row.
    failures integer not null,
    -- Not before then, in seconds since 1970 by the database's clock.
    next_at real not null
) strict;
