-- How many sessions there are of each status: counted as they move, because counting them all takes longer the more there are.
create table session_count (
    status text primary key,
    sessions bigint not null
)
