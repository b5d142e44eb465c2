lro::message! {
    /// What is wrong with a request, or a warning.
    pub struct OptimizeToursValidationError(
        "google.maps.routeoptimization.v1.OptimizeToursValidationError"
    ) {
        /// The number of the error, stable.
        code: i32,
        /// The name of the error, stable.
        display_name: String,
        /// The fields that it is about.
        fields: Vec<OptimizeToursValidationErrorFieldReference>,
        /// What is wrong, for humans.
        error_message: String,
        /// The values that are wrong, for humans.
        offending_values: String,
    }

    /// The way down to a field of the request, `OptimizeToursValidationError.FieldReference`.
    pub struct OptimizeToursValidationErrorFieldReference(
        "google.maps.routeoptimization.v1.OptimizeToursValidationError.FieldReference"
    ) {
        /// The name of the field, such as `vehicles`.
        name: String,
        /// Which element, in a list; one of `index` and `key`.
        index: Option<i32>,
        /// Which entry, in a map; one of `index` and `key`.
        key: Option<String>,
        /// The field within it.
        sub_field: Option<Box<OptimizeToursValidationErrorFieldReference>>,
    }
}
