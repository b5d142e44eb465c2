lro::message! {
    /// The request of `BatchOptimizeTours`. Each model is read from a file, and its solution is written to another
    /// file.
    pub struct BatchOptimizeToursRequest("google.maps.routeoptimization.v1.BatchOptimizeToursRequest") {
        /// The project and location, `projects/{project}` or `projects/{project}/locations/{location}`. Required.
        parent: String = 1,
        /// The models to solve. Required.
        model_configs: Vec<BatchOptimizeToursRequestAsyncModelConfig> = 2,
    }

    /// A model of a batch, `BatchOptimizeToursRequest.AsyncModelConfig`.
    pub struct BatchOptimizeToursRequestAsyncModelConfig(
        "google.maps.routeoptimization.v1.BatchOptimizeToursRequest.AsyncModelConfig"
    ) {
        /// A display name.
        display_name: String = 1,
        /// The source of the `OptimizeToursRequest`. Required.
        input_config: Option<InputConfig> = 2,
        /// The destination of the `OptimizeToursResponse`. Required.
        output_config: Option<OutputConfig> = 3,
    }

    /// The response of `BatchOptimizeTours`. It has no fields: the solutions are in the files.
    pub struct BatchOptimizeToursResponse("google.maps.routeoptimization.v1.BatchOptimizeToursResponse") {}

    /// The metadata of `BatchOptimizeTours`. It has no fields.
    pub struct BatchOptimizeToursMetadata("google.maps.routeoptimization.v1.BatchOptimizeToursMetadata") {}

    /// The source of a request.
    pub struct InputConfig("google.maps.routeoptimization.v1.InputConfig") {
        /// A file in Cloud Storage. This is the only kind of source.
        gcs_source: Option<GcsSource> = 1,
        /// The format of the file.
        data_format: DataFormat = 2,
    }

    /// The destination of a response.
    pub struct OutputConfig("google.maps.routeoptimization.v1.OutputConfig") {
        /// A file in Cloud Storage. This is the only kind of destination.
        gcs_destination: Option<GcsDestination> = 1,
        /// The format of the file.
        data_format: DataFormat = 2,
    }

    /// A file in Cloud Storage to read.
    pub struct GcsSource("google.maps.routeoptimization.v1.GcsSource") {
        /// The URI, `gs://bucket/path/to/object`.
        uri: String = 1,
    }

    /// A file in Cloud Storage to write.
    pub struct GcsDestination("google.maps.routeoptimization.v1.GcsDestination") {
        /// The URI, `gs://bucket/path/to/object`.
        uri: String = 1,
    }
}

lro::enumeration! {
    /// The format of a file.
    #[non_exhaustive]
    pub enum DataFormat {
        /// Unspecified. Must not be used.
        "DATA_FORMAT_UNSPECIFIED" = 0 => Unspecified,
        /// JSON, in the form in which this crate serializes messages.
        "JSON" = 1 => Json,
        /// The text format of protocol buffers.
        "PROTO_TEXT" = 2 => ProtoText,
    }
}
