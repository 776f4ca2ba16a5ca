-- What an agent keeps for itself in a session: how far it has read (kind read), and what it was about to write (reply, note). No
-- history: a row goes when the message is sent, with the session's customer, and after 15 days.
create table workspace (
    session blob not null check (length(session) = 16),
    agent blob not null check (length(agent) = 16),
    kind text not null,
    -- Sealed by a key of the session's customer, of the class note.
    key_id text not null,
    sealed blob not null,
    -- In milliseconds since 1970 by the nodes' clock.
    updated_at integer not null,
    primary key (session, agent, kind)
) strict;
-- An agent's own; what is too old; what was erased.
create index workspace_of_agent on workspace (agent, kind, session);
create index workspace_updated on workspace (updated_at);
create index workspace_key on workspace (key_id);
