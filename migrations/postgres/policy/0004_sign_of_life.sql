-- When each sign-in of staff whose workbench sends heartbeats was last heard of. No history: a row goes with its sign-in, or when
-- the agent is lost.
create table sign_of_life (
    sign_in bytea primary key,
    agent bytea not null,
    -- In milliseconds since 1970 by the database's clock.
    seen_at bigint not null
);
create index sign_of_life_seen on sign_of_life (seen_at);
create index sign_of_life_agent on sign_of_life (agent, seen_at);

-- Which sessions an agent has: what the process manager of lost agents keeps of a session is the agent.
create index state_of_agent on state (state) where policy = 'agent_lost';
