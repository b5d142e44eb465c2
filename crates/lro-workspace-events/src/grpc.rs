use lro::{Capabilities, Empty, Handle, LroTransport, Status, Wait, forward_transport, message::Message};
use lro_grpc::{GrpcCall, GrpcTransport};
use lro_http::{HttpClientBuilder, resource_name};

use crate::{
    Version, WorkspaceEvents, kind,
    messages::{
        CreateSubscriptionMetadata, CreateSubscriptionRequest, DeleteSubscriptionMetadata,
        DeleteSubscriptionRequest, ReactivateSubscriptionMetadata, ReactivateSubscriptionRequest,
        Subscription, UpdateSubscriptionMetadata, UpdateSubscriptionRequest,
    },
    workspace_events::{OPERATIONS, SUBSCRIPTIONS},
};

/// A client of the Workspace Events API over gRPC: starts the operations that change subscriptions, and polls them.
///
/// The messages are those of [`WorkspaceEvents`], and a handle of one resumes with the other.
///
/// ```no_run
/// # async fn example(
/// #     token: lro_workspace_events::Token,
/// #     wanted: lro_workspace_events::messages::Subscription,
/// # ) -> Result<(), lro::Status> {
/// use lro_workspace_events::WorkspaceEvents;
///
/// let events = WorkspaceEvents::grpc().credentials(token).build()?;
/// let subscription = events.create_subscription(&wanted).await?.await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct GrpcWorkspaceEvents(GrpcTransport);

impl WorkspaceEvents {
    /// Returns the builder of a client of `v1` over gRPC.
    pub fn grpc() -> HttpClientBuilder<GrpcWorkspaceEvents> {
        Self::grpc_of(Version::V1)
    }

    /// Returns the builder of a client of this version over gRPC.
    pub fn grpc_of(version: Version) -> HttpClientBuilder<GrpcWorkspaceEvents> {
        GrpcTransport::builder(version.service()).map(|transport| {
            let transport = transport.names([OPERATIONS]).with_capabilities(Capabilities::default());
            GrpcWorkspaceEvents(transport)
        })
    }
}

impl GrpcWorkspaceEvents {
    /// As [`WorkspaceEvents::create_subscription`].
    ///
    /// # Errors
    ///
    /// The error of a failed call. `INVALID_ARGUMENT`, without a call, if the request has no binary form
    /// ([`lro::message::encode`]).
    pub async fn create_subscription(
        &self,
        request: impl Into<CreateSubscriptionRequest>,
    ) -> Result<Wait<'static, Subscription, CreateSubscriptionMetadata>, Status> {
        self.start(kind::CREATE_SUBSCRIPTION, self.call("CreateSubscription", &request.into())?).await
    }

    /// As [`WorkspaceEvents::update_subscription`].
    ///
    /// # Errors
    ///
    /// The errors of [`create_subscription`](Self::create_subscription). `INVALID_ARGUMENT`, without a call, if the name of
    /// the subscription is not of the form `subscriptions/*`.
    pub async fn update_subscription(
        &self,
        request: impl Into<UpdateSubscriptionRequest>,
    ) -> Result<Wait<'static, Subscription, UpdateSubscriptionMetadata>, Status> {
        let request = request.into();
        let name = resource_name(&[SUBSCRIPTIONS], &request.subscription.name)?;
        let call = self.call("UpdateSubscription", &request)?.param("subscription.name", name);
        self.start(kind::UPDATE_SUBSCRIPTION, call).await
    }

    /// As [`WorkspaceEvents::delete_subscription`].
    ///
    /// # Errors
    ///
    /// The errors of [`update_subscription`](Self::update_subscription).
    pub async fn delete_subscription(
        &self,
        request: impl Into<DeleteSubscriptionRequest>,
    ) -> Result<Wait<'static, Empty, DeleteSubscriptionMetadata>, Status> {
        let request = request.into();
        let name = resource_name(&[SUBSCRIPTIONS], &request.name)?;
        self.start(kind::DELETE_SUBSCRIPTION, self.call("DeleteSubscription", &request)?.param("name", name))
            .await
    }

    /// As [`WorkspaceEvents::reactivate_subscription`].
    ///
    /// # Errors
    ///
    /// The errors of [`update_subscription`](Self::update_subscription).
    pub async fn reactivate_subscription(
        &self,
        request: impl Into<ReactivateSubscriptionRequest>,
    ) -> Result<Wait<'static, Subscription, ReactivateSubscriptionMetadata>, Status> {
        let request = request.into();
        let name = resource_name(&[SUBSCRIPTIONS], &request.name)?;
        let call = self.call("ReactivateSubscription", &request)?.param("name", name);
        self.start(kind::REACTIVATE_SUBSCRIPTION, call).await
    }

    /// Resumes the wait for an operation from a saved handle.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the handle belongs to another service or to another version.
    pub fn resume<R>(&self, handle: &Handle) -> Result<Wait<'static, R>, Status> {
        Wait::resumed(self.clone(), handle)
    }

    fn call(&self, method: &str, request: &impl Message) -> Result<GrpcCall, Status> {
        let service = self.0.service();
        let version = service.version();
        GrpcCall::of(
            format!("google.apps.events.subscriptions.{version}.SubscriptionsService/{method}"),
            request,
        )
    }

    async fn start<R, M>(&self, kind: &'static str, call: GrpcCall) -> Result<Wait<'static, R, M>, Status> {
        Ok(Wait::started(self.clone(), self.0.start(call).await?).with_metadata().kind(kind))
    }
}

impl LroTransport for GrpcWorkspaceEvents {
    forward_transport!(self => self.0);
}
