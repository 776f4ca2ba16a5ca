-- One row per tag of a session.
create table tag (
    session text not null,
    tag text not null,
    primary key (session, tag)
)
