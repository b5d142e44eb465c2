//! The page as HTML, readable without the script.

mod fleet;
mod layout;
mod list;
mod operation;
mod overview;
mod text;

pub(crate) use self::{
    fleet::{fleet, fleet_list, fleet_operation},
    layout::{Site, counting, fault},
    list::list,
    operation::operation,
    overview::registry,
};

pub(crate) const STYLE: &str = include_str!("assets/page.css");
pub(crate) const SCRIPT: &str = include_str!("assets/page.js");
