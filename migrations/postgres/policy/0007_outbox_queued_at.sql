-- Since when an item waits, in seconds since 1970 by the nodes' clock: due_at moves with every attempt. Null for items of before.
alter table outbox add column queued_at double precision;
