use super::text::{Html, Number, Time, put};
use crate::view::overview::CountView;

/// What all pages of a router have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    pub(crate) title: &'a str,
    pub(crate) base: &'a str,
    pub(crate) is_fleet: bool,
}

impl Site<'_> {
    /// Writes a page. `at` is the place in the navigation.
    pub(super) fn page(&self, at: &str, title: &str, main: impl FnOnce(&mut Html)) -> String {
        self.write(at, title, "", "<main>", main)
    }

    /// Writes a page, with what else its head has, and the tag that begins its main part.
    fn write(
        &self,
        at: &str,
        title: &str,
        head: &'static str,
        tag: &'static str,
        main: impl FnOnce(&mut Html),
    ) -> String {
        let mut html = Html::default();
        self.head(&mut html, title, head);
        put!(html; "<header><strong>" (self.title) "</strong><nav aria-label=\"Pages\">");
        let lists: &[(&str, &str)] = if self.is_fleet {
            &[("list", "Operations")]
        } else {
            &[
                ("list?state=pending", "Pending"),
                ("list?state=pending&overdue=1", "Overdue"),
                ("list?state=set_aside", "Set aside"),
                ("list?state=finished", "Not acknowledged"),
                ("list?state=intent", "Intents"),
                ("list?state=acknowledged", "Acknowledged"),
            ]
        };
        link(&mut html, self.base, "overview", "Overview", at.is_empty());
        for (path, name) in lists {
            link(&mut html, self.base, path, name, at == *path);
        }
        put!(html; "</nav></header>");
        html.literal(tag);
        main(&mut html);
        put!(html; "</main></body></html>");
        html.finish()
    }

    fn head(&self, html: &mut Html, title: &str, more: &'static str) {
        put!(html; "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
            "<meta name=\"color-scheme\" content=\"light dark\"><title>" (title) " – " (self.title) "</title>"
            "<link rel=\"stylesheet\" href=\"" (self.base) "page.css\">"
            "<script src=\"" (self.base) "page.js\" defer></script>");
        html.literal(more);
        html.literal("</head><body>");
    }
}

/// The page while the counts are made for the first time.
pub(crate) fn counting(site: &Site<'_>) -> String {
    site.write("", "Overview", RELOAD, "<main data-fault>", |html| {
        put!(html; "<h1>Overview</h1><p class=\"note\" id=\"fault\">The records are being counted.</p>");
    })
}

/// The page of a request that failed. If that may pass, it is requested again, also without the script.
pub(crate) fn fault(site: &Site<'_>, message: &str, may_pass: bool) -> String {
    site.write("fault", "Not shown", if may_pass { RELOAD } else { "" }, "<main data-fault>", |html| {
        put!(html; "<h1>Not shown</h1><p class=\"alert\" role=\"alert\" id=\"fault\">" (message) "</p>");
    })
}

/// Has a browser without the script load the page again.
const RELOAD: &str = "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>";

/// Writes a count, with a plus if there are more.
pub(super) fn count(html: &mut Html, count: CountView) {
    put!(html; (Number(count.number)));
    if count.is_cut {
        put!(html; "<abbr title=\"or more: the count is cut here\">+</abbr>");
    }
}

/// Writes a number, a zero in grey.
pub(super) fn number(html: &mut Html, number: u64) {
    if number == 0 {
        put!(html; "<td class=\"n zero\">0</td>");
    } else {
        put!(html; "<td class=\"n\">" (Number(number)) "</td>");
    }
}

/// Writes a duration in seconds, a dash if there is none.
pub(super) fn time(html: &mut Html, seconds: Option<f64>) {
    match seconds {
        Some(seconds) => {
            put!(html; "<td class=\"n\">" (Time(seconds)) "</td>");
        }
        None => html.literal("<td class=\"n zero\">–</td>"),
    }
}

/// Writes a service and its version. A narrow column may break it after a dot.
pub(super) fn service(html: &mut Html, service: &str, version: &str) {
    put!(html; "<bdi class=\"service\">");
    for (index, part) in service.split('.').enumerate() {
        if index > 0 {
            html.literal(".<wbr>");
        }
        html.text(&part);
    }
    html.literal("</bdi>");
    if !version.is_empty() {
        put!(html; " <span class=\"dim\">" (version) "</span>");
    }
}

/// Writes what begins a table of counts: its caption and the names of the columns. Those with a `#` are numbers.
pub(super) fn table(html: &mut Html, id: &'static str, caption: &'static str, columns: &[&'static str]) {
    head_of_table(html, "counts", id, caption, columns);
}

/// As [`table`], for records: it is as wide as the page. A narrow page shows each record as a paragraph, by this class.
pub(super) fn wide_table(
    html: &mut Html,
    class: &'static str,
    id: &'static str,
    caption: &'static str,
    columns: &[&'static str],
) {
    head_of_table(html, class, id, caption, columns);
}

fn head_of_table(
    html: &mut Html,
    class: &'static str,
    id: &'static str,
    caption: &'static str,
    columns: &[&'static str],
) {
    put!(html; "<div class=\"table " (class) "\" id=\"" (id) "\"><table><caption>" (caption) "</caption><thead><tr>");
    for column in columns {
        match column.strip_prefix('#') {
            Some(column) => {
                put!(html; "<th scope=\"col\" class=\"n\">" (column) "</th>");
            }
            None => {
                put!(html; "<th scope=\"col\">" (column) "</th>");
            }
        }
    }
    html.literal("</tr></thead><tbody>");
}

pub(super) fn end_table(html: &mut Html) {
    html.literal("</tbody></table></div>");
}

/// What is beside the part of a table that is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    /// The table's `id`, and the parameter with the position of the part.
    pub(super) table: &'static str,
    /// What the rows are.
    pub(super) of: &'static str,
    pub(super) from: usize,
    pub(super) shown: usize,
    pub(super) next: Option<usize>,
    pub(super) has_more: bool,
}

/// Writes which part of a table is shown, and links to the others. Writes nothing if that is all.
pub(super) fn beside(html: &mut Html, site: &Site<'_>, it: Beside) {
    let Beside { table, of, from, shown, next, has_more } = it;
    if from == 0 && !has_more {
        return;
    }
    put!(html; "<nav class=\"pages\" id=\"pages_of_" (table) "\" aria-label=\"Parts of the " (of) "\"><span class=\"dim\">"
        (Number(from as u64 + 1)) " to " (Number((from + shown) as u64)) " of the " (of) "</span>");
    if from > 0 {
        put!(html; "<a href=\"" (site.base) "overview#" (table) "\">First " (of) "</a>");
    }
    match next {
        Some(next) => {
            put!(html; "<a href=\"" (site.base) "overview?" (table) "=" (next) "#" (table) "\">Next " (of) "</a>");
        }
        None if has_more => html.literal("<span class=\"dim\">There are more, which are not counted.</span>"),
        None => {}
    }
    html.literal("</nav>");
}

fn link(html: &mut Html, base: &str, path: &str, name: &str, is_here: bool) {
    put!(html; "<a href=\"" (base) (path) "\"");
    if is_here {
        html.literal(" aria-current=\"page\"");
    }
    put!(html; ">" (name) "</a>");
}
