use super::{
    layout::{Beside, Site, beside, end_table, number, table, time, wide_table},
    operation::fact,
    overview::{age, health, rate},
    text::{Html, Number, Time, encoded, put},
};
use crate::{
    router::Counted,
    view::fleet::{FleetList, FleetOperation, FleetOverview, FleetRow},
};

pub(crate) fn fleet(site: &Site<'_>, counted: &Counted<'_, FleetOverview>) -> String {
    site.page("", "Overview", |html| {
        let counts = counted.counts;
        put!(html; "<h1>Overview</h1>");
        age(html, counted.age_seconds, counted.took_seconds);
        put!(html; "<dl class=\"tiles\">");
        tile(html, "Pending", counts.pending as u64);
        tile(html, "Due", counts.due as u64);
        tile(html, "In flight", counts.in_flight as u64);
        tile(html, "Finished", counts.finished);
        tile(html, "Given up", counts.given_up);
        tile(html, "Polls", counts.polls);
        tile(html, "Failed polls", counts.failed);
        put!(html; "</dl><p class=\"note\">99 % of the polls within " (Time(counts.late_p99_seconds))
            " of being due. Ends seen after " (Time(counts.notice_delay_seconds)) " on average.</p>");
        kinds(html, site, counts);
        keys(html, site, counts);
    })
}

pub(crate) fn fleet_list(site: &Site<'_>, list: &FleetList) -> String {
    site.page("list", "Operations", |html| {
        put!(html; "<h1>Operations</h1>");
        if list.operations.is_empty() {
            put!(html; "<p class=\"note\">There are none here.</p>");
        } else {
            let columns = ["Operation", "Kind, tag", "#Age", "#Polls", "#Next poll", "Last failure"];
            wide_table(html, "operations", "list", "In the order of their positions in the fleet", &columns);
            list.operations.iter().for_each(|of| row(html, site, of));
            end_table(html);
        }
        if let Some(next) = list.next {
            put!(html; "<nav class=\"pages\" aria-label=\"Pages of the list\"><a href=\"" (site.base) "list?after=" (next)
                "\">Next page</a></nav>");
        }
    })
}

pub(crate) fn fleet_operation(site: &Site<'_>, of: &FleetOperation) -> String {
    site.page("operation", &of.name, |html| {
        put!(html; "<h1 class=\"long\"><bdi>" (of.name) "</bdi></h1><dl class=\"facts\">");
        fact(html, "State", &if of.is_done { "done" } else { "pending" });
        fact(html, "Polls", &of.polls);
        fact(html, "Time from the first step to the last reply", &Time(of.elapsed_seconds));
        if let Some(next) = of.next_poll_seconds {
            fact(html, "Delay of the next poll after it", &Time(next));
        }
        if let Some(progress) = of.progress {
            fact(html, "Progress", &format!("{:.0} %", progress * 100.0));
        }
        put!(html; "</dl>");
    })
}

fn tile(html: &mut Html, name: &'static str, of: u64) {
    put!(html; "<div class=\"" (if of == 0 { "zero" } else { "" }) "\"><dt>" (name) "</dt><dd>" (Number(of)) "</dd></div>");
}

fn kinds(html: &mut Html, site: &Site<'_>, counts: &FleetOverview) {
    let FleetOverview { kinds, next_kinds: next, has_more_kinds: has_more, .. } = counts;
    let caption =
        if counts.has_all_kinds { "Pending by kind" } else { "Kinds of the first 100,000 operations" };
    table(html, "kinds", caption, &["Kind", "#Pending", "#Due", "#With failure", "#Oldest"]);
    for of in kinds {
        put!(html; "<tr data-key=\"" (encoded(&of.kind)) "\"><th scope=\"row\"><bdi>" (of.kind) "</bdi></th>");
        number(html, of.pending);
        number(html, of.due);
        number(html, of.with_failure);
        time(html, Some(of.oldest_seconds));
        put!(html; "</tr>");
    }
    end_table(html);
    let (from, shown) = (counts.parts.kinds, kinds.len());
    beside(html, site, Beside { table: "kinds", of: "kinds", from, shown, next: *next, has_more: *has_more });
}

fn keys(html: &mut Html, site: &Site<'_>, counts: &FleetOverview) {
    let FleetOverview { quota_keys: keys, next_keys: next, has_more_keys: has_more, .. } = counts;
    let caption = "Quota keys: shut ones first, then the largest";
    table(
        html,
        "quota_keys",
        caption,
        &["Quota key", "Health", "#Operations", "#Due", "#In flight", "#Found a second"],
    );
    for key in keys {
        let name = if key.quota.is_empty() { "the only one" } else { &key.quota };
        put!(html; "<tr data-key=\"" (encoded(&key.quota)) "\"><th scope=\"row\"><bdi>" (name) "</bdi></th>");
        health(html, key.is_shut);
        number(html, key.operations as u64);
        number(html, key.due as u64);
        number(html, key.in_flight as u64);
        rate(html, key.found_per_second);
        put!(html; "</tr>");
    }
    end_table(html);
    let (from, shown) = (counts.parts.quota_keys, keys.len());
    beside(
        html,
        site,
        Beside { table: "quota_keys", of: "quota keys", from, shown, next: *next, has_more: *has_more },
    );
}

fn row(html: &mut Html, site: &Site<'_>, of: &FleetRow) {
    put!(html; "<tr data-key=\"" (encoded(&of.name)) "\"><th scope=\"row\" class=\"long\"><a href=\"" (site.base) "operation?key=" (encoded(&of.name)) "\"><bdi>"
        (of.name) "</bdi></a></th><td><bdi>" (of.kind) "</bdi>");
    if let Some(tag) = &of.tag {
        put!(html; "<br><bdi class=\"dim\">" (tag) "</bdi>");
    }
    put!(html; "</td>");
    time(html, Some(of.age_seconds));
    number(html, of.polls.into());
    match of.next_poll_seconds {
        None => html.literal("<td class=\"n\">being made</td>"),
        Some(0.0) => html.literal("<td class=\"n\">due</td>"),
        Some(next) => {
            put!(html; "<td class=\"n\">in " (Time(next)) "</td>");
        }
    }
    put!(html; "<td class=\"long\">");
    if let Some(failure) = &of.last_failure {
        put!(html; "<code>" (failure.code) "</code> <bdi>" (failure.message) "</bdi>");
    }
    put!(html; "</td></tr>");
}
