lro::message! {
    /// The request of `OptimizeToursUri`. The model is read from a file, and its solution is written to another file.
    pub struct OptimizeToursUriRequest("google.maps.routeoptimization.v1.OptimizeToursUriRequest") {
        /// The project and location, `projects/{project}` or `projects/{project}/locations/{location}`. Required.
        parent: String = 1,
        /// The file with the `OptimizeToursRequest`. Required.
        input: Option<Uri> = 2,
        /// The file to write the `OptimizeToursResponse` to. Required.
        output: Option<Uri> = 3,
    }

    /// The response of `OptimizeToursUri`.
    pub struct OptimizeToursUriResponse("google.maps.routeoptimization.v1.OptimizeToursUriResponse") {
        /// The file with the `OptimizeToursResponse`.
        output: Option<Uri> = 1,
    }

    /// The metadata of `OptimizeToursUri`. It has no fields.
    pub struct OptimizeToursUriMetadata("google.maps.routeoptimization.v1.OptimizeToursUriMetadata") {}

    /// The URI of a file.
    pub struct Uri("google.maps.routeoptimization.v1.Uri") {
        /// The URI, `gs://bucket/path/to/object`.
        uri: String = 1,
    }
}
