use super::{
    layout::{Site, end_table, service, wide_table},
    text::{Html, Time, encoded, put},
};
use crate::view::{
    list::{List, Row},
    overview::RegistryOverview,
    state::{STATES, words},
};

/// Writes a list. The services of `counted` can be selected.
pub(crate) fn list(site: &Site<'_>, list: &List, counted: Option<&RegistryOverview>) -> String {
    let place = match (list.state, list.overdue, &list.service) {
        (Some(state), false, None) => format!("list?state={state}"),
        (Some("pending"), true, None) => "list?state=pending&overdue=1".to_owned(),
        _ => "list".to_owned(),
    };
    let what = list.state.map_or("all", words);
    let title =
        if list.overdue { format!("Operations: {what}, overdue") } else { format!("Operations: {what}") };
    site.page(&place, &title, |html| {
        put!(html; "<h1>" (title) "</h1>");
        filter(html, site, list, counted);
        if list.records.is_empty() {
            let is_unversioned = list.service.is_some() && list.version.as_deref().is_none_or(str::is_empty);
            put!(html; "<p class=\"note\">There are none" (if list.after.is_some() { " after this key" } else { "" })
                (if is_unversioned { " of this service without a version: add the version" } else { "" }) ".</p>");
        } else {
            rows(html, site, "list", "In the order of the keys", &list.records);
        }
        pages(html, site, list);
    })
}

/// Writes a table of records.
pub(super) fn rows(html: &mut Html, site: &Site<'_>, id: &'static str, caption: &'static str, rows: &[Row]) {
    let columns = ["Key, operation", "Service, kind", "State", "#Age", "#Due", "#Claims", "Last error"];
    wide_table(html, "records", id, caption, &columns);
    for row in rows {
        let key = encoded(&row.key);
        put!(html; "<tr data-key=\"" (key) "\"><th scope=\"row\" class=\"long\"><a href=\"" (site.base) "operation?key=" (key)
            "\"><bdi>" (row.key) "</bdi></a>");
        if let Some(name) = row.name.as_ref().filter(|name| **name != row.key) {
            put!(html; "<br><bdi class=\"dim\">" (name) "</bdi>");
        }
        put!(html; "</th><td>");
        service(html, &row.service, &row.version);
        put!(html; "<br><bdi class=\"dim\">" (row.kind) "</bdi></td><td><span class=\"state " (row.state) "\">"
            (words(row.state)) "</span>");
        if row.is_claimed {
            put!(html; "<br><span class=\"dim\">claimed</span>");
        }
        if let Some(cancel) = row.cancel {
            put!(html; "<br><span class=\"dim\">cancel " (cancel) "</span>");
        }
        put!(html; "</td><td class=\"n\">" (Time(row.age_seconds)) "</td>");
        due(html, row.due_in_seconds);
        let claims = if row.claims_without_result == 0 { "n zero" } else { "n" };
        put!(html; "<td class=\"" (claims) "\">" (row.claims_without_result) "</td><td class=\"long\"><bdi>"
            (row.last_error.as_deref().unwrap_or_default()) "</bdi></td></tr>");
    }
    end_table(html);
}

/// Writes when a record is due.
fn due(html: &mut Html, seconds: Option<f64>) {
    match seconds {
        None => html.literal("<td class=\"n zero\">–</td>"),
        Some(left) if left > 0.0 => {
            put!(html; "<td class=\"n\">in " (Time(left)) "</td>");
        }
        Some(left) if left > -1.0 => html.literal("<td class=\"n\">now</td>"),
        Some(left) => {
            put!(html; "<td class=\"n late\">for " (Time(-left)) "</td>");
        }
    }
}

fn filter(html: &mut Html, site: &Site<'_>, list: &List, counted: Option<&RegistryOverview>) {
    put!(html; "<form action=\"" (site.base) "list\" id=\"filter\"><label>State <select name=\"state\"><option value=\"\">all</option>");
    for (_, name, words) in STATES {
        put!(html; "<option value=\"" (name) "\"" (if list.state == Some(name) { " selected" } else { "" }) ">" (words) "</option>");
    }
    put!(html; "</select></label><label>Service <select name=\"of\"><option value=\"\">all</option>");
    services(html, list, counted);
    put!(html; "</select></label><label>or <input name=\"service\" placeholder=\"another service\" maxlength=\"256\"></label>"
        "<input name=\"version\" size=\"8\" placeholder=\"its version\" aria-label=\"Version of the other service\" maxlength=\"256\">"
        "<label><input type=\"checkbox\" name=\"overdue\" value=\"1\"" (if list.overdue { " checked" } else { "" })
        "> overdue</label><button>Show</button></form>");
}

/// Writes the services that can be selected: those that have pending records, and the one that is shown.
fn services(html: &mut Html, list: &List, counted: Option<&RegistryOverview>) {
    let counted = counted.into_iter().flat_map(|counted| &counted.services);
    let counted = counted.map(|it| (it.service.as_str(), it.version.as_str()));
    let shown = list.service.as_deref().map(|service| (service, list.version.as_deref().unwrap_or_default()));
    let other = shown.filter(|shown| counted.clone().all(|it| it != *shown));
    for (service, version) in other.into_iter().chain(counted) {
        put!(html; "<option value=\"" (encoded(service)) "/" (encoded(version)) "\""
            (if shown == Some((service, version)) { " selected" } else { "" }) ">" (service) " " (version) "</option>");
    }
}

fn pages(html: &mut Html, site: &Site<'_>, list: &List) {
    put!(html; "<nav class=\"pages\" aria-label=\"Pages of the list\">");
    if list.after.is_some() {
        page(html, site, list, None, "First page");
    }
    if let Some(next) = &list.next {
        page(html, site, list, Some(next), "Next page");
    }
    put!(html; "</nav>");
}

fn page(html: &mut Html, site: &Site<'_>, list: &List, after: Option<&String>, name: &'static str) {
    put!(html; "<a href=\"" (site.base) "list?state=" (list.state.unwrap_or_default()));
    if let (Some(service), Some(version)) = (&list.service, &list.version) {
        put!(html; "&service=" (encoded(service)) "&version=" (encoded(version)));
    }
    if list.overdue {
        put!(html; "&overdue=1");
    }
    if let Some(after) = after {
        put!(html; "&after=" (encoded(after)));
    }
    put!(html; "\">" (name) "</a>");
}
