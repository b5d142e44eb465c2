use lro::{Empty, Handle, LroTransport, Service, Status, Wait, forward_transport};
use lro_http::{Binding, Call, HttpClient, HttpClientBuilder, HttpTransport, NameTemplate, resource_name};

use crate::{
    kind,
    messages::{
        CreateSubscriptionMetadata, CreateSubscriptionRequest, DeleteSubscriptionMetadata,
        DeleteSubscriptionRequest, GetSubscriptionRequest, ListSubscriptionsRequest,
        ListSubscriptionsResponse, ReactivateSubscriptionMetadata, ReactivateSubscriptionRequest,
        Subscription, UpdateSubscriptionMetadata, UpdateSubscriptionRequest,
    },
};

/// A client of the Workspace Events API: starts the operations that change subscriptions, and polls them.
///
/// A starting call returns a [`Wait`]. Awaiting it returns the typed outcome. A starting call is sent once: it is not
/// retried when it fails. Cloning a client is cheap, and clones share their connections.
///
/// The [front page](crate) has an example.
#[derive(Clone, Debug)]
pub struct WorkspaceEvents(HttpTransport);

/// A version of the Workspace Events API.
///
/// An operation belongs to the version that started it. A client of the other version refuses its handle.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// `v1`.
    #[default]
    V1,
    /// `v1beta`. Its proto also has the options for Drive.
    V1Beta,
}

impl WorkspaceEvents {
    /// The URL of the service, which is the default [`endpoint`](HttpClientBuilder::endpoint).
    pub const ENDPOINT: &'static str = "https://workspaceevents.googleapis.com";

    /// Returns the builder of a client of `v1`.
    pub fn builder() -> HttpClientBuilder<Self> {
        Self::builder_of(Version::V1)
    }

    /// Returns the builder of a client of this version.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let beta = WorkspaceEvents::builder_of(Version::V1Beta).endpoint(emulator.endpoint()).build()?;
    /// let subscription = beta.create_subscription(&wanted).await?.await?;
    /// # Ok(()) }
    /// ```
    pub fn builder_of(version: Version) -> HttpClientBuilder<Self> {
        HttpClient::builder(Self::ENDPOINT)
            .map(move |client| Self(HttpTransport::new(client, Binding::new(version.service(), OPERATIONS))))
    }

    /// Creates a subscription.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let request = CreateSubscriptionRequest { validate_only: true, ..(&wanted).into() };
    /// let preview = events.create_subscription(request).await?.await?;
    /// assert_eq!(preview.target_resource, wanted.target_resource);
    ///
    /// let subscription = events.create_subscription(&wanted).await?.await?;
    /// assert!(subscription.name.starts_with("subscriptions/"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of a failed call.
    ///
    /// If the target has a subscription for the topic, the call fails with `ALREADY_EXISTS`. The metadata of the
    /// `ErrorInfo` contains its name:
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// # let created = events.create_subscription(&wanted).await?.await?;
    /// let error = events.create_subscription(&wanted).await.unwrap_err();
    /// let metadata = error.details().error_info().unwrap_or_default().metadata;
    /// let subscription = events.get_subscription(&*metadata["current_subscription"]).await?;
    /// assert_eq!(subscription, created);
    /// # Ok(()) }
    /// ```
    ///
    /// If the subscription appears while the operation runs, the operation fails with the same error.
    pub async fn create_subscription(
        &self,
        request: impl Into<CreateSubscriptionRequest>,
    ) -> Result<Wait<'static, Subscription, CreateSubscriptionMetadata>, Status> {
        let CreateSubscriptionRequest { subscription, validate_only } = request.into();
        let call = Call::post(self.version(), "subscriptions", "").flag("validateOnly", validate_only);
        self.start(kind::CREATE_SUBSCRIPTION, call.body(&subscription)?).await
    }

    /// Updates the fields of a subscription that the mask lists. Without a mask, updates the fields that are set.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// # let created = events.create_subscription(&wanted).await?.await?;
    /// use lro::wkt::{Duration, FieldMask};
    ///
    /// let request = UpdateSubscriptionRequest {
    ///     subscription: Subscription { name: created.name, ttl: Some(Duration::from_seconds(3_600)?), ..wanted },
    ///     update_mask: Some(FieldMask::new(["ttl"])),
    ///     ..Default::default()
    /// };
    /// let updated = events.update_subscription(request).await?.await?;
    /// assert!(updated.expire_time < created.expire_time);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT`, without a call, if the name of the subscription is not of the form `subscriptions/*`.
    /// Otherwise the error of a failed call.
    pub async fn update_subscription(
        &self,
        request: impl Into<UpdateSubscriptionRequest>,
    ) -> Result<Wait<'static, Subscription, UpdateSubscriptionMetadata>, Status> {
        let UpdateSubscriptionRequest { subscription, update_mask, validate_only } = request.into();
        let name = resource_name(&[SUBSCRIPTIONS], &subscription.name)?;
        let mask = update_mask.unwrap_or_default().to_string();
        let call = Call::patch(self.version(), name)
            .param("subscription.name", name)
            .query("updateMask", &mask)
            .flag("validateOnly", validate_only);
        self.start(kind::UPDATE_SUBSCRIPTION, call.body(&subscription)?).await
    }

    /// Deletes a subscription.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// # let created = events.create_subscription(&wanted).await?.await?;
    /// events.delete_subscription(created.name.as_str()).await?.await?;
    ///
    /// let repeated = DeleteSubscriptionRequest { allow_missing: true, ..created.name.as_str().into() };
    /// events.delete_subscription(repeated).await?.await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`update_subscription`](Self::update_subscription).
    pub async fn delete_subscription(
        &self,
        request: impl Into<DeleteSubscriptionRequest>,
    ) -> Result<Wait<'static, Empty, DeleteSubscriptionMetadata>, Status> {
        let DeleteSubscriptionRequest { name, validate_only, allow_missing, etag } = request.into();
        let name = resource_name(&[SUBSCRIPTIONS], &name)?;
        let call = Call::delete(self.version(), name)
            .param("name", name)
            .flag("validateOnly", validate_only)
            .flag("allowMissing", allow_missing)
            .query("etag", &etag);
        self.start(kind::DELETE_SUBSCRIPTION, call).await
    }

    /// Reactivates a suspended subscription.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// # let created = events.create_subscription(&wanted).await?.await?;
    /// # emulator.suspend(&created.name, "ENDPOINT_PERMISSION_DENIED");
    /// let active = events.reactivate_subscription(created.name.as_str()).await?.await?;
    /// assert_eq!(active.state, SubscriptionState::Active);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`update_subscription`](Self::update_subscription).
    pub async fn reactivate_subscription(
        &self,
        request: impl Into<ReactivateSubscriptionRequest>,
    ) -> Result<Wait<'static, Subscription, ReactivateSubscriptionMetadata>, Status> {
        let ReactivateSubscriptionRequest { name } = request.into();
        let name = resource_name(&[SUBSCRIPTIONS], &name)?;
        let call = Call::post(self.version(), name, ":reactivate").param("name", name);
        self.start(kind::REACTIVATE_SUBSCRIPTION, call.body(&Empty {})?).await
    }

    /// Gets a subscription. This starts no operation.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// # let created = events.create_subscription(&wanted).await?.await?;
    /// let subscription = events.get_subscription(created.name.as_str()).await?;
    /// assert_eq!(subscription, created);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`update_subscription`](Self::update_subscription).
    pub async fn get_subscription(
        &self,
        request: impl Into<GetSubscriptionRequest>,
    ) -> Result<Subscription, Status> {
        let GetSubscriptionRequest { name } = request.into();
        let name = resource_name(&[SUBSCRIPTIONS], &name)?;
        self.0.client().send(Call::get(self.version(), name, "").param("name", name)).await
    }

    /// Lists a page of the subscriptions that the filter selects. This starts no operation.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// # let created = events.create_subscription(&wanted).await?.await?;
    /// let filter = format!("event_types:{:?}", wanted.event_types[0]);
    /// let page = events.list_subscriptions(&ListSubscriptionsRequest { filter, ..Default::default() }).await?;
    /// assert_eq!(page.subscriptions, [created]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of a failed call.
    pub async fn list_subscriptions(
        &self,
        request: &ListSubscriptionsRequest,
    ) -> Result<ListSubscriptionsResponse, Status> {
        let call = Call::get(self.version(), "subscriptions", "")
            .query("filter", &request.filter)
            .count("pageSize", request.page_size)
            .query("pageToken", &request.page_token);
        self.0.client().send(call).await
    }

    /// Resumes the wait for an operation from a saved handle.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let saved = serde_json::to_string(&events.create_subscription(&wanted).await?.handle())?;
    ///
    /// // Later, in another process.
    /// let handle: Handle = serde_json::from_str(&saved)?;
    /// let subscription: Subscription = events.resume(&handle)?.await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the handle belongs to another service or to another version.
    pub fn resume<R>(&self, handle: &Handle) -> Result<Wait<'static, R>, Status> {
        Wait::resumed(self.clone(), handle)
    }

    async fn start<R, M>(&self, kind: &'static str, call: Call) -> Result<Wait<'static, R, M>, Status> {
        Ok(Wait::started(self.clone(), self.0.start(call).await?).with_metadata().kind(kind))
    }

    fn version(&self) -> &str {
        self.0.binding().service.version()
    }
}

impl LroTransport for WorkspaceEvents {
    forward_transport!(self => self.0);
}

impl Version {
    pub(crate) fn service(self) -> Service {
        const KEY: &str = "workspaceevents.googleapis.com";
        match self {
            Self::V1 => Service::new(KEY, "v1"),
            Self::V1Beta => Service::new(KEY, "v1beta"),
        }
    }
}

pub(crate) const OPERATIONS: NameTemplate = NameTemplate::from_static("operations/**");
pub(crate) const SUBSCRIPTIONS: NameTemplate = NameTemplate::from_static("subscriptions/*");
