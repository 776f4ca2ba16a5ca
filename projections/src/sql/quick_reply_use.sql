-- How often agents sent each quick reply, those of the first set among them.
create table quick_reply_use (
    reply text primary key,
    uses bigint not null,
    -- Of the newest message that counts.
    position bigint not null
)
