-- One row per account of staff. Times are microseconds since 1970 in UTC.
create table agent (
    id text primary key,
    -- What it signs in with; null once erased.
    username text,
    -- What customers and colleagues see; null once erased.
    name text,
    email text,
    -- agent, supervisor, admin, auditor, analyst
    role text not null,
    -- JSON lists of texts.
    skills text not null,
    languages text not null,
    -- Conversations at a time.
    capacity bigint not null,
    -- 0 when nobody signs in with it any more.
    active bigint not null,
    -- 1 while its password is one that somebody else chose.
    must_change_password bigint not null,
    -- 1 while a code is needed beside the password.
    second_factor bigint not null,
    -- online, busy, break, training, offline; nobody is there without a sign-in that is neither over nor expired.
    presence text not null,
    -- chosen, sign_in, sign_out, lost
    presence_cause text not null,
    presence_since bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    last_sign_in_at bigint,
    -- Of the newest event that changed this row.
    position bigint not null
)
