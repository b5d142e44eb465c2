use super::{
    layout::{Beside, Site, beside, count, end_table, number, service, table, time},
    list::rows,
    text::{Html, Number, Time, encoded, put},
};
use crate::{
    router::Counted,
    view::overview::{CountView, RegistryOverview, ServiceView, WorkerView},
};

pub(crate) fn registry(site: &Site<'_>, counted: &Counted<'_, RegistryOverview>) -> String {
    site.page("", "Overview", |html| {
        let counts = counted.counts;
        put!(html; "<h1>Overview</h1>");
        age(html, counted.age_seconds, counted.took_seconds);
        if let Some(fault) = &counts.fault {
            put!(html; "<p class=\"alert\" role=\"alert\">The store failed: " (fault) "</p>");
        } else {
            tiles(html, site, counts);
            services(html, site, counts);
        }
        workers(html, &counts.workers);
        buckets(html, site, counts);
        if !counts.set_aside.is_empty() {
            rows(html, site, "set_aside", "Set aside, with the reason", &counts.set_aside);
            let all = counts.attention.set_aside;
            rest(html, site, "state=set_aside", all, counts.set_aside.len());
        }
        if !counts.unresolved_intents.is_empty() {
            rows(html, site, "intents", "Unresolved intents", &counts.unresolved_intents);
            let all = counts.attention.unresolved_intents;
            rest(html, site, "state=intent&overdue=1", all, counts.unresolved_intents.len());
        }
        store(html, &counts.store);
    })
}

/// Writes how old the counts are.
pub(super) fn age(html: &mut Html, age: f64, took: f64) {
    put!(html; "<p class=\"note\">Counted <span id=\"age\" data-age=\"" (age) "\">" (Time(age)) "</span> ago, in "
        (Time(took)) ", for all open pages.</p>");
}

fn tiles(html: &mut Html, site: &Site<'_>, counts: &RegistryOverview) {
    let attention = &counts.attention;
    put!(html; "<dl class=\"tiles\">");
    tile(html, site, "state=pending", "Pending", counts.count("pending"), false, None);
    let longest = attention.longest_overdue_seconds;
    tile(html, site, "state=pending&overdue=1", "Overdue", attention.overdue, longest > Some(LATE), longest);
    tile(html, site, "state=set_aside", "Set aside", attention.set_aside, true, None);
    let waits = attention.oldest_delivery_due_seconds;
    let is_late = waits > Some(LATE);
    tile(html, site, "state=finished", "Not acknowledged", counts.count("finished"), is_late, waits);
    tile(
        html,
        site,
        "state=intent&overdue=1",
        "Unresolved intents",
        attention.unresolved_intents,
        true,
        None,
    );
    tile(html, site, "state=acknowledged", "Acknowledged", counts.count("acknowledged"), false, None);
    put!(html; "</dl>");
}

fn tile(
    html: &mut Html,
    site: &Site<'_>,
    query: &str,
    name: &str,
    of: CountView,
    is_bad: bool,
    longest: Option<f64>,
) {
    let class = if of.number == 0 {
        "zero"
    } else if is_bad {
        "bad"
    } else {
        ""
    };
    put!(html; "<div class=\"" (class) "\"><dt>" (name) "</dt><dd><a href=\"" (site.base) "list?" (query) "\">");
    count(html, of);
    put!(html; "</a>");
    if let Some(longest) = longest {
        put!(html; "<small>for up to " (Time(longest)) "</small>");
    }
    put!(html; "</dd></div>");
}

/// Writes a link to the list of all, if some are not shown.
fn rest(html: &mut Html, site: &Site<'_>, query: &'static str, all: CountView, shown: usize) {
    if all.number > shown as u64 {
        put!(html; "<nav class=\"pages\"><a href=\"" (site.base) "list?" (query) "\">All ");
        count(html, all);
        html.literal("</a></nav>");
    }
}

fn services(html: &mut Html, site: &Site<'_>, counts: &RegistryOverview) {
    let services = &counts.services;
    if services.is_empty() {
        put!(html; "<p class=\"note\">Nothing is pending.</p>");
        return;
    }
    table(
        html,
        "services",
        "Pending by service and kind",
        &["Service, kind", "#Pending", "#Overdue", "#Failing", "#Oldest"],
    );
    for of in services {
        row(html, site, of);
        kinds(html, of);
    }
    end_table(html);
    let RegistryOverview { next_services: next, has_more_services: has_more, .. } = *counts;
    let (from, shown) = (counts.parts.services, services.len());
    beside(html, site, Beside { table: "services", of: "services", from, shown, next, has_more });
}

fn row(html: &mut Html, site: &Site<'_>, of: &ServiceView) {
    let (key, version) = (encoded(&of.service), encoded(&of.version));
    put!(html; "<tr class=\"group\" data-key=\"" (key) "/" (version) "\"><th scope=\"row\"><a href=\"" (site.base)
        "list?state=pending&service=" (key) "&version=" (version) "\">");
    service(html, &of.service, &of.version);
    put!(html; "</a></th><td class=\"n\">");
    count(html, of.pending);
    let class = if of.overdue.number == 0 { "n zero" } else { "n" };
    put!(html; "</td><td class=\"" (class) "\">");
    count(html, of.overdue);
    if let Some(longest) = of.longest_overdue_seconds {
        put!(html; "<small>for up to " (Time(longest)) "</small>");
    }
    put!(html; "</td><td></td><td></td></tr>");
}

fn kinds(html: &mut Html, of: &ServiceView) {
    let (key, version) = (encoded(&of.service), encoded(&of.version));
    for kind in &of.kinds {
        put!(html; "<tr data-key=\"" (key) "/" (version) "/" (encoded(&kind.kind)) "\"><th scope=\"row\" class=\"kind\"><bdi>"
            (kind.kind) "</bdi></th>");
        number(html, kind.pending);
        number(html, kind.overdue);
        number(html, kind.failing);
        time(html, Some(kind.oldest_seconds));
        put!(html; "</tr>");
    }
    if of.has_all_kinds {
        return;
    }
    put!(html; "<tr data-key=\"" (key) "/" (version) "//\"><td colspan=\"5\" class=\"kind dim\">");
    if of.has_more_kinds {
        put!(html; "The " (of.kinds.len()) " largest kinds. There are more.");
    } else {
        let read: u64 = of.kinds.iter().map(|kind| kind.pending).sum();
        put!(html; "Kinds among the " (Number(read)) " that are due first.");
    }
    put!(html; "</td></tr>");
}

fn workers(html: &mut Html, workers: &[WorkerView]) {
    if workers.is_empty() {
        return;
    }
    table(
        html,
        "workers",
        "Workers of this process",
        &["Service", "Quota key", "Health", "#In flight", "#Rate a second", "#Found a second"],
    );
    for worker in workers {
        if worker.has_ended {
            put!(html; "<tr class=\"group\"><th scope=\"row\" colspan=\"6\">" (Number(worker.calls))
                " calls, <b class=\"bad\">has ended</b></th></tr>");
            continue;
        }
        put!(html; "<tr class=\"group\"><th scope=\"row\" colspan=\"3\">" (Number(worker.calls)) " calls, "
            (Number(worker.claimed as u64)) " claims held");
        if let Some(away) = worker.store_away_seconds {
            put!(html; ", <b class=\"bad\">store away for " (Time(away)) "</b>");
        }
        put!(html; "</th><td></td><td class=\"n\">");
        if let Some(rate) = worker.calls_per_second {
            put!(html; (rate) " used");
        }
        put!(html; "</td><td></td></tr>");
        for of in &worker.services {
            put!(html; "<tr><td class=\"kind\">");
            service(html, &of.service, &of.version);
            put!(html; "</td><td>" (of.quota.as_deref().unwrap_or("–")) "</td>");
            health(html, of.is_shut);
            number(html, of.in_flight as u64);
            rate(html, of.rate_per_second);
            rate(html, of.found_per_second);
            put!(html; "</tr>");
        }
    }
    end_table(html);
}

/// Writes the health of a quota key.
pub(super) fn health(html: &mut Html, is_shut: bool) {
    if is_shut {
        html.literal("<td><b class=\"bad\">shut, probes only</b></td>");
    } else {
        html.literal("<td class=\"good\">open</td>");
    }
}

/// Writes a rate, a dash if it is not known.
pub(super) fn rate(html: &mut Html, rate: Option<f64>) {
    match rate {
        Some(rate) => {
            put!(html; "<td class=\"n\">" (format_args!("{rate:.1}")) "</td>");
        }
        None => html.literal("<td class=\"n zero\">–</td>"),
    }
}

fn buckets(html: &mut Html, site: &Site<'_>, counts: &RegistryOverview) {
    let buckets = &counts.buckets;
    if buckets.is_empty() {
        return;
    }
    table(
        html,
        "buckets",
        "Quota keys in the store",
        &["Quota key", "#Tokens left by the last claim", "#Last claim before"],
    );
    for bucket in buckets {
        put!(html; "<tr data-key=\"" (encoded(&bucket.quota)) "\"><th scope=\"row\"><bdi>" (bucket.quota)
            "</bdi></th><td class=\"n\">" (bucket.tokens) "</td>");
        time(html, Some(bucket.claimed_seconds_ago));
        put!(html; "</tr>");
    }
    end_table(html);
    let RegistryOverview { next_buckets: next, has_more_buckets: has_more, .. } = *counts;
    let (from, shown) = (counts.parts.buckets, buckets.len());
    beside(html, site, Beside { table: "buckets", of: "quota keys", from, shown, next, has_more });
}

fn store(html: &mut Html, details: &[(String, String)]) {
    if details.is_empty() {
        return;
    }
    put!(html; "<details id=\"store\"><summary>The store</summary><dl class=\"facts\">");
    for (name, value) in details {
        put!(html; "<dt>" (name) "</dt><dd>" (value) "</dd>");
    }
    put!(html; "</dl></details>");
}

/// What is overdue for longer than this, in seconds, is marked: workers poll within a second if they can.
const LATE: f64 = 60.0;
