//! The messages of Route Optimization, `google.maps.routeoptimization.v1`, and `google.type.LatLng`.
//!
//! The name of a nested type joins the names of its path: `Shipment.VisitRequest` is [`ShipmentVisitRequest`].
//!
//! All costs of a model are added up and share a unit, which the caller chooses.

mod batch;
mod break_rule;
mod injected_solution;
mod limit;
mod metrics;
mod model;
mod request;
mod response;
mod route;
mod shipment;
mod shipment_type;
mod skipped_shipment;
mod time_window;
mod transition_attributes;
mod uri;
mod validation_error;
mod vehicle;
mod waypoint;

pub use self::{
    batch::*, break_rule::*, injected_solution::*, limit::*, metrics::*, model::*, request::*, response::*,
    route::*, shipment::*, shipment_type::*, skipped_shipment::*, time_window::*, transition_attributes::*,
    uri::*, validation_error::*, vehicle::*, waypoint::*,
};
