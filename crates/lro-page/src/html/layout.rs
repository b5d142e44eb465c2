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
        let mut html = Html::default();
        head(&mut html, title, self.title, self.base);
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
        let home = if self.base.is_empty() { "./" } else { self.base };
        link(&mut html, "", home, "Overview", at.is_empty());
        for (path, name) in lists {
            link(&mut html, self.base, path, name, at == *path);
        }
        put!(html; "</nav></header><main>");
        main(&mut html);
        put!(html; "</main></body></html>");
        html.finish()
    }
}

/// The page while the counts are made for the first time.
pub(crate) fn counting(site: &Site<'_>) -> String {
    site.page("", "Overview", |html| {
        put!(html; "<p class=\"note\">The records are being counted. Reload the page in some seconds.</p>");
    })
}

/// The page of a request that failed.
pub(crate) fn fault(message: &str) -> String {
    let mut html = Html::default();
    put!(html; "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Not shown</title>"
        "<main><h1>Not shown</h1><p>" (message) "</p></main></html>");
    html.finish()
}

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
pub(super) fn table(html: &mut Html, caption: &'static str, columns: &[&'static str]) {
    html.literal("<div class=\"table counts\"><table><caption>");
    head_of_table(html, caption, columns);
}

/// As [`table`], for records: it is as wide as the page. With this class, a narrow page shows each record as a paragraph.
pub(super) fn wide_table(
    html: &mut Html,
    class: &'static str,
    caption: &'static str,
    columns: &[&'static str],
) {
    html.literal("<div class=\"table ");
    html.literal(class);
    html.literal("\"><table><caption>");
    head_of_table(html, caption, columns);
}

fn head_of_table(html: &mut Html, caption: &'static str, columns: &[&'static str]) {
    html.literal(caption);
    html.literal("</caption><thead><tr>");
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

fn head(html: &mut Html, title: &str, site: &str, base: &str) {
    put!(html; "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
        "<meta name=\"color-scheme\" content=\"light dark\"><title>" (title) " – " (site) "</title>"
        "<link rel=\"stylesheet\" href=\"" (base) "page.css\">"
        "<script src=\"" (base) "page.js\" defer></script></head><body>");
}

fn link(html: &mut Html, base: &str, path: &str, name: &str, is_here: bool) {
    put!(html; "<a href=\"" (base) (path) "\"");
    if is_here {
        html.literal(" aria-current=\"page\"");
    }
    put!(html; ">" (name) "</a>");
}
