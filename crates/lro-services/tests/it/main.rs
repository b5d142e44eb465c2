//! The tests that can share a process. Building and starting one program for all of them costs a fraction of one for each.

mod every_row;
mod find;
mod forms;
mod own_crates;
mod table;
