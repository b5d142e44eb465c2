use super::NameTemplate;

/// The number of segments and the literals of a template without `**`.
///
/// A name is compared with more than a hundred templates of some services. Most are ruled out by these, for a tenth of the
/// instructions of [`NameTemplate::matches`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    segments: usize,
    literals: Box<[(usize, Box<str>)]>,
}

impl Shape {
    /// Returns the shape of a template, `None` if it has `**`.
    pub(crate) fn of(names: &NameTemplate) -> Option<Self> {
        let segments: Vec<&str> = names.as_str().split('/').collect();
        let literals = segments.iter().enumerate().filter(|(_, segment)| **segment != "*");
        let literals = literals.map(|(at, literal)| (at, Box::from(*literal))).collect();
        (!segments.contains(&"**")).then_some(Self { segments: segments.len(), literals })
    }

    /// Whether a name with these segments may match the template.
    pub(crate) fn fits(&self, name: &[&str]) -> bool {
        name.len() == self.segments
            && self.literals.iter().all(|(at, literal)| name.get(*at) == Some(&&**literal))
    }
}
