use std::time::Duration;

use lro::{Handle, Operation, OperationName, Service, Status, Tolerance, pacing::Pacing, rules::Rules};

use crate::caller::drop_each;

/// An operation to wait for, with settings of its own.
///
/// [`Fleet::watch_with`](crate::Fleet::watch_with) and [`Fleet::register_with`](crate::Fleet::register_with) take it.
///
/// ```
/// use std::time::Duration;
/// use lro_fleet::Registration;
///
/// let name = "projects/p/locations/l/operations/1".parse()?;
/// let registration = Registration::new(name).tag("order 17").deadline(Duration::from_secs(600));
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing waits for it until it is watched or registered"]
pub struct Registration {
    pub(crate) name: OperationName,
    pub(crate) kind: Option<String>,
    pub(crate) first: Option<Operation>,
    pub(crate) tag: Option<String>,
    pub(crate) tolerance: Option<Tolerance>,
    pub(crate) own: Own,
}

/// The settings of one operation that replace those of the fleet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own {
    pub(crate) deadline: Option<Option<Duration>>,
    pub(crate) pacing: Option<Pacing>,
    /// The rules of the fleet with the tolerance of this operation.
    pub(crate) rules: Option<Rules>,
}

impl Registration {
    /// Creates a registration of the operation with this name.
    pub fn new(name: OperationName) -> Self {
        Self { name, kind: None, first: None, tag: None, tolerance: None, own: Own::default() }
    }

    /// Creates a registration of an operation that a starting call has just returned.
    ///
    /// The reply of that call counts as the first poll. The next poll follows after a delay of the pacing. No call is made for an
    /// operation that is done.
    ///
    /// # Errors
    ///
    /// Those of [`Operation::started_name`], also for an operation that is done.
    pub fn started(operation: Operation) -> Result<Self, Status> {
        let name = operation.started_name()?;
        Ok(Self { first: Some(operation), ..Self::new(name) })
    }

    /// Creates a registration of the operation of a saved handle, with its kind.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the operation belongs to another service than this one.
    pub(crate) fn resumed(handle: &Handle, service: &Service) -> Result<Self, Status> {
        let name = handle.name_for(service)?;
        Ok(Self { kind: handle.kind().map(str::to_owned), ..Self::new(name) })
    }

    /// Sets the kind of the operation. Default: that of [`FleetBuilder::kind`](crate::FleetBuilder::kind).
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Sets a text that the completion returns, such as an order number. Default: none.
    ///
    /// A handle does not have it: see [`Fleet::shutdown`](crate::Fleet::shutdown).
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Sets the longest time to wait, counted from the registration. `None` is no limit. Default: that of the fleet.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.own.deadline = Some(deadline.into());
        self
    }

    /// Sets when to poll. Default: the pacing of the fleet for the kind.
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.own.pacing = Some(pacing);
        self
    }

    /// Sets which failed calls are retried. Default: that of the fleet.
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = Some(tolerance);
        self
    }
}

impl Own {
    /// Returns whether it replaces nothing.
    pub(crate) fn is_default(&self) -> bool {
        let Self { deadline, pacing, rules } = self;
        deadline.is_none() && pacing.is_none() && rules.is_none()
    }
}

/// The destructors of a pacing and of a predicate are code of the caller.
impl Drop for Own {
    fn drop(&mut self) {
        drop_each("the pacing", self.pacing.take());
        drop_each("the tolerance", self.rules.take());
    }
}
