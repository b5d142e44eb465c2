lro::message! {
    /// Models to solve, each read from a file and solved into another.
    pub struct BatchOptimizeToursRequest("google.maps.routeoptimization.v1.BatchOptimizeToursRequest") {
        /// Where to run: `projects/{project}` or `projects/{project}/locations/{location}`.
        parent: String,
        /// The models.
        model_configs: Vec<BatchOptimizeToursRequestAsyncModelConfig>,
    }

    /// One model of a batch, `BatchOptimizeToursRequest.AsyncModelConfig`.
    pub struct BatchOptimizeToursRequestAsyncModelConfig(
        "google.maps.routeoptimization.v1.BatchOptimizeToursRequest.AsyncModelConfig"
    ) {
        /// A name for humans.
        display_name: String,
        /// Where to read the request; required.
        input_config: Option<InputConfig>,
        /// Where to write the response; required.
        output_config: Option<OutputConfig>,
    }

    /// The response of a batch, which tells nothing: the results are in the files.
    pub struct BatchOptimizeToursResponse("google.maps.routeoptimization.v1.BatchOptimizeToursResponse") {}

    /// The metadata of a batch, which tells nothing.
    pub struct BatchOptimizeToursMetadata("google.maps.routeoptimization.v1.BatchOptimizeToursMetadata") {}

    /// Where to read a request.
    pub struct InputConfig("google.maps.routeoptimization.v1.InputConfig") {
        /// A file in Cloud Storage, the only source.
        gcs_source: Option<GcsSource>,
        /// The format of the file.
        data_format: DataFormat,
    }

    /// Where to write a response.
    pub struct OutputConfig("google.maps.routeoptimization.v1.OutputConfig") {
        /// A file in Cloud Storage, the only destination.
        gcs_destination: Option<GcsDestination>,
        /// The format of the file.
        data_format: DataFormat,
    }

    /// A file in Cloud Storage to read.
    pub struct GcsSource("google.maps.routeoptimization.v1.GcsSource") {
        /// Its address, `gs://bucket/path/to/object`.
        uri: String,
    }

    /// A file in Cloud Storage to write.
    pub struct GcsDestination("google.maps.routeoptimization.v1.GcsDestination") {
        /// Its address, `gs://bucket/path/to/object`.
        uri: String,
    }
}

lro::enumeration! {
    /// The format of a file.
    #[non_exhaustive]
    pub enum DataFormat {
        /// Not to be used.
        "DATA_FORMAT_UNSPECIFIED" = 0 => Unspecified,
        /// JSON, as this crate writes it.
        "JSON" = 1 => Json,
        /// The text format of protocol buffers.
        "PROTO_TEXT" = 2 => ProtoText,
    }
}
