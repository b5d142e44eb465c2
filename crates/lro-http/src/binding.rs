use lro::{Capabilities, Service};

use crate::NameTemplate;

/// How a service binds `google.longrunning` to HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binding {
    /// The service; its version begins the paths.
    pub service: Service,
    /// The names of its operations.
    pub names: NameTemplate,
    /// What it binds beside get.
    pub capabilities: Capabilities,
}

impl Binding {
    /// The binding of a service that has only get.
    pub fn new(service: Service, names: NameTemplate) -> Self {
        Self { service, names, capabilities: Capabilities::default() }
    }

    /// Sets the other calls that the service binds. Default: none.
    pub fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }
}
