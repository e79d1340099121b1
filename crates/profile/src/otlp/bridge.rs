//! The layer that hears of spans for an export: it gives them ids, and puts those that end into the queue.
//!
//! What is done here is done on the threads of the host. So a span keeps what it says as it says it, and is made into what
//! receivers expect when it is sent. Of spans that the profile records, no clock is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use opentelemetry::Context as Otel;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, TraceContextExt as _};
use opentelemetry_sdk::trace::{IdGenerator as _, RandomIdGenerator, Sampler, SamplingDecision, ShouldSample as _};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::exported::{self, Interval};
use crate::here;
use crate::time_source::wall;

use super::entered;
use super::open::Open;
use super::queue::Queue;
use super::said::Sayings;

/// See the module.
#[derive(Debug)]
pub(super) struct Bridge {
    /// What tells it from all other exports.
    number: u64,
    sampler: Sampler,
    ids: RandomIdGenerator,
    /// The most links of one span.
    links: usize,
    queue: Arc<Queue>,
}

impl Bridge {
    pub(super) fn new(sampler: Sampler, links: usize, queue: Arc<Queue>) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        Self { number, sampler, ids: RandomIdGenerator::default(), links, queue }
    }

    /// A span below whatever `parent` stands for; `None` if nothing of what happens now is to be exported.
    fn open(&self, parent: &Otel, metadata: &'static Metadata<'static>) -> Option<Open> {
        if parent.is_telemetry_suppressed() || self.queue.is_closed() {
            return None;
        }
        let span = parent.span();
        let above = Some(span.span_context()).filter(|above| above.is_valid());
        let trace = above.map_or_else(|| self.ids.new_trace_id(), SpanContext::trace_id);
        let sampled = self.sampler.should_sample(Some(parent), trace, metadata.name(), &SpanKind::Internal, &[], &[]);
        let is_sampled = matches!(sampled.decision, SamplingDecision::RecordAndSample);
        let flags = above.map(SpanContext::trace_flags).unwrap_or_default().with_sampled(is_sampled);
        let own = SpanContext::new(trace, self.ids.new_span_id(), flags, false, sampled.trace_state);
        Some(Open {
            export: self.number,
            context: parent.with_remote_span_context(own),
            parent: above.map_or(SpanId::INVALID, SpanContext::span_id),
            parent_is_remote: above.is_some_and(SpanContext::is_remote),
            is_sampled,
            is_begun: false,
            metadata,
            start: SystemTime::UNIX_EPOCH,
            end: None,
            said: Sayings::default(),
            follows: Vec::new(),
            follows_more: 0,
        })
    }

    /// A new span below its parent.
    fn open_below<S>(&self, attributes: &Attributes<'_>, ctx: &Context<'_, S>) -> Option<Open>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let metadata = attributes.metadata();
        if let Some(parent) = attributes.parent().and_then(|parent| self.context(parent, ctx)) {
            return self.open(&parent, metadata);
        }
        if !attributes.is_contextual() {
            return self.open(&Otel::new(), metadata);
        }
        Otel::map_current(|current| {
            // Where two exports hear of one span, the context of each is current inside of it, one above the other.
            let beside = entered::beside_another(self.number, current.span().span_context().span_id());
            let own = beside.and_then(|(id, span)| {
                self.context(&id, ctx).filter(|own| own.span().span_context().span_id() == span)
            });
            self.open(own.as_ref().unwrap_or(current), metadata)
        })
    }

    /// The context of an open span.
    fn context<S>(&self, id: &Id, ctx: &Context<'_, S>) -> Option<Otel>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        exported::with_kept(id, ctx, |exported| Some(exported.get(self.number)?.context.clone()))
    }
}

impl<S> Layer<S> for Bridge
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let Some(mut open) = self.open_below(attributes, &ctx) else { return };
        if open.is_sampled {
            // Read before anything is locked: a value's `Debug` is foreign code.
            attributes.record(&mut open.said);
        }
        exported::with(id, &ctx, |exported| {
            if exported.tree().is_none() {
                open.start = wall();
            }
            exported.insert(open);
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let mut said = Sayings::default();
        values.record(&mut said);
        exported::with_kept(id, &ctx, |exported| {
            exported.get_mut(self.number).filter(|open| open.is_sampled)?.said.extend(said);
            Some(())
        });
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, ctx: Context<'_, S>) {
        let Some(followed) = self.context(follows, &ctx) else { return };
        exported::with_kept(id, &ctx, |exported| {
            let open = exported.get_mut(self.number)?;
            if open.follows.len() < self.links {
                open.follows.push(followed.span().span_context().clone());
            } else {
                open.follows_more = open.follows_more.saturating_add(1);
            }
            Some(())
        });
    }

    fn on_enter(&self, id: &Id, ctx: Context<'_, S>) {
        let entered = exported::with_kept(id, &ctx, |exported| {
            let tree = exported.tree();
            let open = exported.get_mut(self.number)?;
            let begins = open.is_sampled && !std::mem::replace(&mut open.is_begun, true);
            Some((open.span_id(), tree, begins, open.context.clone()))
        });
        let Some((span, tree, begins, context)) = entered else { return };
        if begins {
            self.queue.counts().begin();
        }
        entered::enter(self.number, id, span, tree, context);
    }

    fn on_exit(&self, id: &Id, ctx: Context<'_, S>) {
        let Some(left) = entered::exit(self.number, id) else { return };
        // A span that is left where its recording does not go on may have outlived it.
        if !left.tree.is_some_and(here::polls) {
            let now = wall();
            exported::with_kept(id, &ctx, |exported| {
                exported.get_mut(self.number)?.end = Some(now);
                Some(())
            });
        }
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        let closed = exported::with_kept(&id, &ctx, |exported| {
            let open = exported.take(self.number).filter(|open| open.is_sampled)?;
            Some((open, exported.interval()))
        });
        let Some((mut open, interval)) = closed else { return };
        if let Some(Interval { start, end, left }) = interval {
            open.start = start;
            open.end = end.or(open.end.max(left));
        }
        open.end = Some(open.end.unwrap_or_else(wall).max(open.start));
        self.queue.push(open);
    }
}
