lro::message! {
    /// A model to solve, read from a file and solved into another.
    pub struct OptimizeToursUriRequest("google.maps.routeoptimization.v1.OptimizeToursUriRequest") {
        /// Where to run: `projects/{project}` or `projects/{project}/locations/{location}`.
        parent: String,
        /// Where to read the `OptimizeToursRequest`; required.
        input: Option<Uri>,
        /// Where to write the `OptimizeToursResponse`; required.
        output: Option<Uri>,
    }

    /// Where the result is.
    pub struct OptimizeToursUriResponse("google.maps.routeoptimization.v1.OptimizeToursUriResponse") {
        /// The file with the `OptimizeToursResponse`.
        output: Option<Uri>,
    }

    /// The metadata of `OptimizeToursUri`, which tells nothing.
    pub struct OptimizeToursUriMetadata("google.maps.routeoptimization.v1.OptimizeToursUriMetadata") {}

    /// The address of a file.
    pub struct Uri("google.maps.routeoptimization.v1.Uri") {
        /// Its address, `gs://bucket/path/to/object`.
        uri: String,
    }
}
