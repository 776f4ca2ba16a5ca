-- Who copied it signs up to where times rise in each stream only: anybody who can write here could claim it.
alter table copy add column note text;
