use lro::Service;
use lro_registry::{
    RecordState, StoreError,
    store::{BucketLevel, Count, CountRequest, Counts, KindCounts, ServiceCounts},
};
use tokio_postgres::SimpleQueryRow;

use crate::{
    call::Call,
    row::{Row, corrupt},
    time::count,
};

pub(crate) fn statement(schema: &str, request: &CountRequest) -> String {
    let CountRequest { most, most_read, most_groups, .. } = *request;
    Call::new(schema, "counts_v1")
        .number(count(most))
        .number(count(most_read))
        .number(count(most_groups))
        .finish()
}

pub(crate) fn counts(request: &CountRequest, rows: &[SimpleQueryRow]) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    for row in rows {
        let mut row = Row::new(row);
        let what = row.text()?;
        let [key, version, kind] =
            [row.maybe_text()?, row.maybe_text()?, row.maybe_text()?].map(Option::unwrap_or_default);
        match what {
            "state" => {
                let state = i16::try_from(row.number()?).ok().and_then(RecordState::from_number);
                let count = Count::of(row.count()?.into(), request.most);
                counts
                    .states
                    .extend(state.filter(|_| count.number > 0 || count.is_cut).map(|state| (state, count)));
            }
            "service" => {
                let most = row.count()? as usize;
                let [pending, overdue] =
                    [row.count()?, row.count()?].map(|count| Count::of(count.into(), most));
                let service = Service::owned(key, version);
                counts.services.push(ServiceCounts::new(service, pending, overdue, Vec::new()));
            }
            "kind" => {
                let service = counts.services.last_mut().ok_or_else(|| corrupt("a service"))?;
                let mut counts = KindCounts::new(kind);
                counts.pending = row.count()?.into();
                counts.overdue = row.count()?.into();
                counts.failing = row.count()?.into();
                counts.oldest = row.duration()?;
                service.kinds.push(counts);
            }
            _ => {
                let age = row.duration()?;
                let _ = [row.number()?, row.number()?, row.number()?];
                counts.buckets.push(BucketLevel::new(key, row.float()?, age));
            }
        }
    }
    Ok(counts)
}
