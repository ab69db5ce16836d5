//! The page that is scraped.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use runtime::{DecisionsWaiting, Measures, Spread};

use super::families;
use super::process::Process;
use super::traffic::RouteFigures;
use crate::copies::ArchiveFigures;
use crate::state::Door;

/// The text format that every Prometheus, and `promtool`, reads.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What everything showed at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) measures: Measures,
    pub(super) decisions: DecisionsWaiting,
    pub(super) routes: Vec<RouteFigures>,
    pub(super) process: Process,
    pub(super) archive: Option<ArchiveFigures>,
    pub(super) paused: bool,
    /// When the process started, seconds since the epoch.
    pub(super) started_s: f64,
}

/// Everything measured, as text.
///
/// # Errors
/// Never in practice: a string takes all that is written to it.
pub(crate) fn page(door: &Door, decisions: DecisionsWaiting) -> Result<String, fmt::Error> {
    let snapshot = Snapshot {
        measures: door.runtime.measures(),
        decisions,
        routes: door.traffic.figures(),
        process: Process::look(),
        archive: door.copies.as_ref().and_then(|copies| copies.archive()),
        paused: door.runtime.health().paused.is_some(),
        started_s: door.started_at.0 as f64 / 1_000.0,
    };
    let mut registry = Registry::default();
    registry.register_collector(Box::new(snapshot));
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    Ok(text)
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        families::write(self, &mut Sheet { encoder })
    }
}

/// Writes families one after the other.
pub(super) struct Sheet<'a> {
    encoder: DescriptorEncoder<'a>,
}

impl Sheet<'_> {
    /// A counter without labels; its name ends in `_total`.
    pub(super) fn counter(
        &mut self,
        name: &str,
        help: &str,
        value: impl EncodeGaugeValue,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Counter)?
            .encode_gauge(&value)
    }

    /// A counter for each set of labels; its name ends in `_total`.
    pub(super) fn counters<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        write_rows(self.family(name, help, MetricType::Counter)?, rows)
    }

    /// A gauge without labels.
    pub(super) fn gauge(
        &mut self,
        name: &str,
        help: &str,
        value: impl EncodeGaugeValue,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Gauge)?
            .encode_gauge(&value)
    }

    /// A gauge for each set of labels.
    pub(super) fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        write_rows(self.family(name, help, MetricType::Gauge)?, rows)
    }

    /// A histogram without labels; `unit` is how many of the spread's units make one of the metric's.
    pub(super) fn histogram(
        &mut self,
        name: &str,
        help: &str,
        unit: f64,
        spread: &Spread,
    ) -> fmt::Result {
        let family = self.family(name, help, MetricType::Histogram)?;
        write_spread(family, unit, spread)
    }

    /// A histogram for each set of labels.
    pub(super) fn histograms<'s, L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        unit: f64,
        rows: impl IntoIterator<Item = (L, &'s Spread)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Histogram)?;
        for (labels, spread) in rows {
            write_spread(family.encode_family(&labels)?, unit, spread)?;
        }
        Ok(())
    }

    fn family<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.encoder.encode_descriptor(name, help, None, kind)
    }
}

/// Writes one sample for each set of labels.
///
/// The encoder speaks OpenMetrics, where a counter's family goes without the `_total` of its samples. The older text
/// format names both alike: so a counter's samples are written as a gauge's are, under the whole name.
fn write_rows<L: EncodeLabelSet, V: EncodeGaugeValue>(
    mut family: MetricEncoder<'_>,
    rows: impl IntoIterator<Item = (L, V)>,
) -> fmt::Result {
    for (labels, value) in rows {
        family.encode_family(&labels)?.encode_gauge(&value)?;
    }
    Ok(())
}

fn write_spread(mut row: MetricEncoder<'_>, unit: f64, spread: &Spread) -> fmt::Result {
    let bounds = spread.bounds.iter().map(|bound| *bound as f64 / unit);
    let bounds = bounds.chain([f64::INFINITY]);
    let buckets: Vec<_> = bounds.zip(spread.counts.iter().copied()).collect();
    let (sum, count) = (spread.sum as f64 / unit, spread.count());
    row.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
}
