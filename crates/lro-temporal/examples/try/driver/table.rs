use crate::Fault;

/// What was seen, and whether it was as it must be.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<(String, String, bool)>,
}

impl Table {
    pub(super) fn row(&mut self, what: &str, seen: impl Into<String>, is_right: bool) {
        let seen = seen.into();
        eprintln!("{} {what}: {seen}", if is_right { "ok" } else { "WRONG" });
        self.rows.push((what.to_owned(), seen, is_right));
    }

    /// Prints the table.
    ///
    /// # Errors
    ///
    /// A row that is wrong.
    pub(super) fn print(&self) -> Result<(), Fault> {
        println!("| | seen | |\n|---|---|---|");
        for (what, seen, is_right) in &self.rows {
            println!("| {what} | {seen} | {} |", if *is_right { "ok" } else { "**wrong**" });
        }
        match self.rows.iter().filter(|(.., is_right)| !is_right).count() {
            0 => Ok(()),
            wrong => Err(format!("{wrong} rows are wrong").into()),
        }
    }
}
