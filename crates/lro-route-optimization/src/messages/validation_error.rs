lro::message! {
    /// An error in a request, or a warning.
    pub struct OptimizeToursValidationError(
        "google.maps.routeoptimization.v1.OptimizeToursValidationError"
    ) {
        /// The stable number of the error.
        code: i32,
        /// The stable name of the error.
        display_name: String,
        /// The fields that cause the error.
        fields: Vec<OptimizeToursValidationErrorFieldReference>,
        /// A description of the error.
        error_message: String,
        /// A description of the values that cause the error.
        offending_values: String,
    }

    /// The path of a field of the request, `OptimizeToursValidationError.FieldReference`.
    pub struct OptimizeToursValidationErrorFieldReference(
        "google.maps.routeoptimization.v1.OptimizeToursValidationError.FieldReference"
    ) {
        /// The name of the field, such as `vehicles`.
        name: String,
        /// The index of an element, if the field is a list. Either `index` or `key` is set.
        index: Option<i32>,
        /// The key of an entry, if the field is a map. Either `index` or `key` is set.
        key: Option<String>,
        /// The rest of the path.
        sub_field: Option<Box<OptimizeToursValidationErrorFieldReference>>,
    }
}
