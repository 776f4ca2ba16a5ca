-- One row per visitor whom the shop named.
create table customer (
    visitor text primary key,
    -- In lower case, for searches; null where there is none, and once erased.
    name text,
    -- 1 where the shop counts the customer among its best.
    vip bigint not null,
    -- Of the newest event that changed it.
    position bigint not null
)
