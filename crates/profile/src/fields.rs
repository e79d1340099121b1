//! Reads the fields of a span that the profile is about, and no others: content that a host puts into its spans is
//! never looked at.

use std::fmt::{Debug, Write};

use ninefold_core::{Cost, span::field};
use smol_str::{SmolStr, SmolStrBuilder};
use tracing::field::{Field, Visit};

use crate::span_record::{Outcome, SpanRecord};
use crate::usage::Usage;

/// Writes what a set of values says about a span into its record.
pub(crate) struct Fields<'a>(pub(crate) &'a mut SpanRecord);

/// Seconds in nanoseconds. The cast saturates, and takes what is no number for 0.
fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

impl Fields<'_> {
    fn usage(&mut self) -> &mut Usage {
        &mut self.0.more().usage
    }

    fn text(&mut self, name: &str) -> Option<&mut SmolStr> {
        match name {
            field::PHASE_NAME | field::TOOL_NAME | field::MODEL | field::PIPELINE | field::CAUSE
                if self.0.label.is_empty() =>
            {
                Some(&mut self.0.label)
            }
            field::ERROR_TYPE => Some(&mut self.0.more().error_type),
            _ => None,
        }
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == field::OUTCOME {
            self.0.outcome = Outcome::parse(value);
        } else if let Some(text) = self.text(field.name()) {
            *text = SmolStr::new(value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            field::INPUT_TOKENS => self.usage().input_tokens = value,
            field::OUTPUT_TOKENS => self.usage().output_tokens = value,
            field::CACHED_INPUT_TOKENS => self.usage().cached_input_tokens = value,
            field::CACHE_WRITE_TOKENS => self.usage().cache_write_tokens = value,
            field::REASONING_TOKENS => self.usage().reasoning_tokens = value,
            field::ATTEMPTS => self.0.more().attempts = value,
            field::HITS => self.0.more().hits = Some(value),
            _ => {}
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record_u64(field, u64::try_from(value).unwrap_or(0));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        match field.name() {
            field::COST => {
                let usage = self.usage();
                usage.cost_nanousd = Cost::from_usd(value).0;
                usage.priced_calls = 1;
            }
            field::FIRST_CHUNK => {
                let usage = self.usage();
                usage.first_token_ns = nanos(value);
                usage.first_tokens = 1;
            }
            field::SAVED => self.0.more().saved_ns = nanos(value),
            _ => {}
        }
    }

    fn record_bool(&mut self, _: &Field, _: bool) {}

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let is_outcome = field.name() == field::OUTCOME;
        if !is_outcome && self.text(field.name()).is_none() {
            return;
        }
        let mut printed = SmolStrBuilder::new();
        if write!(printed, "{value:?}").is_ok() {
            self.record_str(field, &printed.finish());
        }
    }
}
