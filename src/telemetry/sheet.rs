//! Metrics as Prometheus reads them: families of samples, made anew for every scrape from what is known already.

use std::borrow::Cow;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

/// A label and its value.
type Label = (&'static str, Cow<'static, str>);

/// Everything of one scrape.
#[derive(Debug, Default)]
pub struct Sheet(Vec<Family>);

/// One metric, with a sample for each combination of labels.
#[derive(Debug)]
pub struct Family {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    samples: Vec<(Vec<Label>, Value)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gauge,
    Counter,
    Info,
    Histogram,
}

#[derive(Debug, Clone)]
enum Value {
    Whole(u64),
    Real(f64),
    Spread(Spread),
}

/// How often something took how long.
#[derive(Debug, Clone, Default)]
pub struct Spread {
    /// Upper bounds, rising, and how many were within each but not within the one before.
    pub buckets: Vec<(f64, u64)>,
    /// How many there were.
    pub count: u64,
    /// All together.
    pub sum: f64,
}

impl Sheet {
    fn family(&mut self, kind: Kind, name: &'static str, help: &'static str) -> &mut Family {
        let at = self.0.len();
        self.0.push(Family { name, help, kind, samples: Vec::new() });
        &mut self.0[at]
    }

    /// Something that rises and falls.
    pub fn gauge(&mut self, name: &'static str, help: &'static str) -> &mut Family {
        self.family(Kind::Gauge, name, help)
    }

    /// Something that only rises; its samples end in `_total`.
    pub fn counter(&mut self, name: &'static str, help: &'static str) -> &mut Family {
        self.family(Kind::Counter, name, help)
    }

    /// Words about something; its one sample ends in `_info`.
    pub fn info(&mut self, name: &'static str, help: &'static str) -> &mut Family {
        self.family(Kind::Info, name, help)
    }

    /// How often something took how long.
    pub fn histogram(&mut self, name: &'static str, help: &'static str) -> &mut Family {
        self.family(Kind::Histogram, name, help)
    }

    /// As it is sent.
    pub fn text(self) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut page = String::with_capacity(16 * 1024);
        text::encode(&mut page, &registry)?;
        Ok(page)
    }
}

impl Family {
    fn push(&mut self, labels: &[(&'static str, &str)], value: Value) -> &mut Self {
        let labels = labels.iter().map(|(name, value)| (*name, Cow::Owned((*value).to_owned()))).collect();
        self.samples.push((labels, value));
        self
    }

    /// The only sample.
    pub fn is(&mut self, value: f64) -> &mut Self {
        self.push(&[], Value::Real(value))
    }

    /// The only sample, if it is known.
    pub fn may_be(&mut self, value: Option<f64>) -> &mut Self {
        value.map(|value| self.push(&[], Value::Real(value)));
        self
    }

    /// The only sample.
    pub fn counts(&mut self, value: u64) -> &mut Self {
        self.push(&[], Value::Whole(value))
    }

    /// A sample with labels.
    pub fn with(&mut self, labels: &[(&'static str, &str)], value: f64) -> &mut Self {
        self.push(labels, Value::Real(value))
    }

    /// A sample with labels, if it is known.
    pub fn may_be_with(&mut self, labels: &[(&'static str, &str)], value: Option<f64>) -> &mut Self {
        value.map(|value| self.push(labels, Value::Real(value)));
        self
    }

    /// A sample with labels.
    pub fn counts_with(&mut self, labels: &[(&'static str, &str)], value: u64) -> &mut Self {
        self.push(labels, Value::Whole(value))
    }

    /// 1 for the state that it is in, 0 for the others.
    pub fn states<'a>(&mut self, label: &'static str, states: impl IntoIterator<Item = (&'a str, bool)>) -> &mut Self {
        for (name, is) in states {
            self.push(&[(label, name)], Value::Whole(is.into()));
        }
        self
    }

    /// The only sample of a histogram.
    pub fn spreads(&mut self, spread: Spread) -> &mut Self {
        self.push(&[], Value::Spread(spread))
    }

    fn encode(&self, mut encoder: MetricEncoder<'_>) -> std::fmt::Result {
        for (labels, value) in &self.samples {
            if labels.is_empty() {
                value.encode(self.kind, &mut encoder)?;
            } else if self.kind == Kind::Info {
                encoder.encode_info(labels)?;
            } else {
                value.encode(self.kind, &mut encoder.encode_family(labels)?)?;
            }
        }
        Ok(())
    }
}

impl Value {
    fn encode(&self, kind: Kind, encoder: &mut MetricEncoder<'_>) -> std::fmt::Result {
        match (kind, self) {
            (Kind::Counter, Self::Whole(value)) => encoder.encode_counter::<NoLabelSet, _, f64>(value, None),
            (Kind::Counter, Self::Real(value)) => encoder.encode_counter::<NoLabelSet, _, f64>(value, None),
            (_, Self::Whole(value)) => encoder.encode_gauge(value),
            (_, Self::Real(value)) => encoder.encode_gauge(value),
            (_, Self::Spread(Spread { buckets, count, sum })) => {
                let rest = count.saturating_sub(buckets.iter().map(|(_, within)| within).sum());
                let all: Vec<(f64, u64)> = buckets.iter().copied().chain([(f64::INFINITY, rest)]).collect();
                encoder.encode_histogram::<NoLabelSet>(*sum, *count, &all, None)
            }
        }
    }
}

impl Collector for Sheet {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for family in &self.0 {
            let kind = match family.kind {
                Kind::Gauge => MetricType::Gauge,
                Kind::Counter => MetricType::Counter,
                Kind::Info => MetricType::Info,
                Kind::Histogram => MetricType::Histogram,
            };
            family.encode(encoder.encode_descriptor(family.name, family.help, None, kind)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_written_as_prometheus_reads_it() {
        let mut sheet = Sheet::default();
        sheet.gauge("callbox_a", "Some").states("state", [("on", true), ("off", false)]);
        sheet.counter("callbox_b", "More").counts(3);
        sheet.counter("callbox_n", "None yet").with(&[("who", "a \"b\"\n")], 1.5);
        sheet.info("callbox_c", "Words").with(&[("version", "1")], 1.0);
        sheet.gauge("callbox_e", "Nothing is known").may_be(None);
        sheet.histogram("callbox_d_seconds", "Times").spreads(Spread { buckets: vec![(0.1, 2), (1.0, 1)], count: 4, sum: 7.0 });
        let expected = "\
# HELP callbox_a Some
# TYPE callbox_a gauge
callbox_a{state=\"on\"} 1
callbox_a{state=\"off\"} 0
# HELP callbox_b More
# TYPE callbox_b counter
callbox_b_total 3
# HELP callbox_n None yet
# TYPE callbox_n counter
callbox_n_total{who=\"a \\\"b\\\"\\n\"} 1.5
# HELP callbox_c Words
# TYPE callbox_c info
callbox_c_info{version=\"1\"} 1
# HELP callbox_e Nothing is known
# TYPE callbox_e gauge
# HELP callbox_d_seconds Times
# TYPE callbox_d_seconds histogram
callbox_d_seconds_sum 7.0
callbox_d_seconds_count 4
callbox_d_seconds_bucket{le=\"0.1\"} 2
callbox_d_seconds_bucket{le=\"1.0\"} 3
callbox_d_seconds_bucket{le=\"+Inf\"} 4
# EOF
";
        assert_eq!(sheet.text().unwrap(), expected);
    }
}
