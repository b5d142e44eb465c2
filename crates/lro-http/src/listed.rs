use std::{fmt, marker::PhantomData};

use lro::{Operation, OperationPage, Outcome, Status};
use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

/// A list in a page, of at most [`OperationPage::MOST_PARTS`] parts. A longer list is an error where its reader finds it.
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    number: usize,
}

/// What counts in a page.
pub(crate) trait Part {
    /// Returns of how many parts this is one.
    fn parts(&self) -> usize;
}

impl Part for String {
    fn parts(&self) -> usize {
        1
    }
}

impl Part for Operation {
    fn parts(&self) -> usize {
        let error = match &self.outcome {
            Some(Outcome::Error(error)) => Some(error),
            _ => self.running_error.as_ref(),
        };
        1 + error.map_or(0, |error| error.details().as_slice().len())
    }
}

impl<T: Part> Listed<T> {
    /// Adds an item.
    ///
    /// # Errors
    ///
    /// [`Origin::MalformedReply`](lro::Origin::MalformedReply) if the list has too many parts.
    pub(crate) fn push(&mut self, item: T) -> Result<(), Status> {
        self.number += item.parts();
        if self.number > OperationPage::MOST_PARTS {
            let most = OperationPage::MOST_PARTS;
            let fault = format!("a list has more than {most} operations, places and details of errors");
            return Err(Status::malformed(fault));
        }
        self.items.push(item);
        Ok(())
    }
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { items: Vec::new(), number: 0 }
    }
}

impl<'de, T: Part + Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(list: D) -> Result<Self, D::Error> {
        list.deserialize_seq(ListedVisitor(PhantomData))
    }
}

struct ListedVisitor<T>(PhantomData<T>);

impl<'de, T: Part + Deserialize<'de>> Visitor<'de> for ListedVisitor<T> {
    type Value = Listed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Listed<T>, A::Error> {
        let mut listed = Listed::default();
        while let Some(item) = list.next_element()? {
            listed.push(item).map_err(|fault| A::Error::custom(fault.message()))?;
        }
        Ok(listed)
    }
}
