//! A process manager that is dropped between any two of its steps, loses its lease, loses its store, or meets what it cannot read.

mod crashes;
mod history;
mod leases;
mod losses;
mod stops;
