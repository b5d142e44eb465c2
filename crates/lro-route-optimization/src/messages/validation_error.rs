lro::message! {
    /// An error in a request, or a warning.
    pub struct OptimizeToursValidationError(
        "google.maps.routeoptimization.v1.OptimizeToursValidationError"
    ) {
        /// The stable number of the error.
        code: i32 = 1,
        /// The stable name of the error.
        display_name: String = 2,
        /// The fields that cause the error.
        fields: Vec<OptimizeToursValidationErrorFieldReference> = 3,
        /// A description of the error.
        error_message: String = 4,
        /// A description of the values that cause the error.
        offending_values: String = 5,
    }

    /// The path of a field of the request, `OptimizeToursValidationError.FieldReference`.
    pub struct OptimizeToursValidationErrorFieldReference(
        "google.maps.routeoptimization.v1.OptimizeToursValidationError.FieldReference"
    ) {
        /// The name of the field, such as `vehicles`.
        name: String = 1,
        /// The index of an element, if the field is a list. Either `index` or `key` is set.
        index: Option<i32> = 2,
        /// The key of an entry, if the field is a map. Either `index` or `key` is set.
        key: Option<String> = 4,
        /// The rest of the path.
        sub_field: Option<Box<OptimizeToursValidationErrorFieldReference>> = 3,
    }
}
