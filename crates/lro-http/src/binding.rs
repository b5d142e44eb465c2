use lro::{Capabilities, Service};

use crate::NameTemplate;

/// How a service binds `google.longrunning` to HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binding {
    /// The service. Its version is the first segment of every path.
    pub service: Service,
    /// The names of its operations.
    pub names: NameTemplate,
    /// The calls that the service binds besides get.
    pub capabilities: Capabilities,
}

impl Binding {
    /// Creates the binding of a service that has only get.
    pub fn new(service: Service, names: NameTemplate) -> Self {
        Self { service, names, capabilities: Capabilities::default() }
    }

    /// Sets the calls that the service binds besides get. Default: none.
    pub fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }
}
